import Encoding
import Foundation
import Testing

@Suite("The JSON writer")
struct JSONWriterTests {
    private func text(_ writer: JSONWriter) -> String { String(decoding: writer.bytes, as: UTF8.self) }

    private func quoted(_ value: String, _ escapes: JSONWriter.Escapes = .required, textLimit: Int = .max) -> String {
        var writer = JSONWriter(escapes: escapes, textLimit: textLimit)
        writer.field(nil, value)
        return text(writer)
    }

    @Test("sets commas between members and elements, and nowhere else")
    func commas() {
        var writer = JSONWriter()
        writer.object { json in
            json.field("a", 1)
            json.object("b") { _ in }
            json.array("c") { list in
                list.field(nil, "x")
                list.object { $0.field("y", true) }
                list.array { _ in }
            }
            json.field("d", nil as String?)
            json.field("e", Int64.min)
            json.field("f", 2.5)
            json.field("g", .infinity)
            json.field("h", json: #"{"raw":1}"#)
            json.field("i", UTCTime(milliseconds: 1250))
        }
        let expected =
            #"{"a":1,"b":{},"c":["x",{"y":true},[]],"d":null,"e":-9223372036854775808,"f":2.5,"g":"inf","h":{"raw":1},"#
            + #""i":"1970-01-01T00:00:01.250Z"}"#
        #expect(text(writer) == expected)
    }

    @Test("starts again after a line, and after its bytes are taken")
    func lines() {
        var writer = JSONWriter()
        writer.object { $0.field("a", 1) }
        writer.endLine()
        writer.object { $0.field("a", 2) }
        #expect(String(decoding: writer.take(), as: UTF8.self) == "{\"a\":1}\n{\"a\":2}")
        #expect(writer.bytes.isEmpty)
    }

    @Test("escapes in stored text what RFC 8259 requires, and no more")
    func requiredEscapes() {
        #expect(quoted("a/b\"\\") == #""a/b\"\\""#)
        #expect(quoted("\u{0}\u{1f}\n\r\t\u{7f}ä") == "\"\\u0000\\u001f\\u000a\\u000d\\u0009\u{7f}ä\"")
    }

    @Test("escapes every control character in logs, line breaks in short form")
    func logEscapes() {
        #expect(quoted("\u{0}\u{1f}\n\r\t\u{7f}\"\\ä", .logs) == #""\u0000\u001f\n\r\t\u007f\"\\ä""#)
    }

    @Test("cuts a long text at a character")
    func limit() {
        #expect(quoted("abcd", textLimit: 4) == "\"abcd\"")
        #expect(quoted("abcde", textLimit: 4) == "\"abcd…\"")
        #expect(quoted("abcä", textLimit: 4) == "\"abc…\"")
        #expect(quoted("😀😀", textLimit: 3) == "\"…\"")
    }

    @Test("writes strings that Foundation reads back unchanged", arguments: 0..<200)
    func roundTrip(seed: UInt64) throws {
        var generator = SplitMix64(state: seed)
        let value = String.random(using: &generator)
        let escapes: JSONWriter.Escapes = seed.isMultiple(of: 2) ? .required : .logs
        let json = quoted(value, escapes)
        #expect(try JSONDecoder().decode(String.self, from: Data(json.utf8)) == value)
    }
}
