import JQ
import Testing

@Suite("JSON values")
struct JQValueTests {
    @Test(
        "a text is read and written back",
        arguments: [
            "null", "true", "[1,2.5,\"x\"]", #"{"a":{"b":[]}}"#, #""é😀""#, #""a\u0000b""#, "9007199254740992", "-0",
        ])
    func roundTrip(json: String) throws {
        #expect(try JQValue(json: json).json == json)
    }

    @Test("an integer that a double cannot represent becomes a string with all digits")
    func largeIntegers() throws {
        let json =
            #"{"id":12345678901234567890,"neg":-9007199254740993,"fits":9007199254740992,"text":"99999999999999999999","list":[1,123456789012345678]}"#
        let value = try JQValue(json: json)
        #expect(value["id"]?.string == "12345678901234567890")
        #expect(value["neg"]?.string == "-9007199254740993")
        #expect(value["fits"]?.number == 9_007_199_254_740_992)
        #expect(value["text"]?.string == "99999999999999999999")
        #expect(value["list"]?.elements?.last?.string == "123456789012345678")
        #expect(try JQValue(json: json, largeIntegers: .rounded)["id"]?.number == 12_345_678_901_234_567_168)
        #expect(try JQValue(json: "[0.12345678901234567890,1e30]").elements?.first?.number == 0.12345678901234568)
        #expect(try JQValue(json: #"{"a\"1":123456789012345678}"#).json == #"{"a\"1":"123456789012345678"}"#)
    }

    @Test("NULs are kept, and bytes that are not UTF-8 become U+FFFD")
    func oddText() throws {
        #expect(try JQValue(json: #""a\u0000b""#).string == "a\0b")
        #expect(JQValue("a\0b").string == "a\0b")
        #expect(try JQValue(json: Array("\"a".utf8) + [0xFF] + Array("b\"".utf8)).string == "a\u{FFFD}b")
        #expect(JQValue(text: [0x61, 0xC3]).string == "a\u{FFFD}")
    }

    @Test("nesting is limited: 256 levels are read, 10,000 are an error and no crash")
    func nesting() throws {
        func nested(_ levels: Int) -> String { String(repeating: "[", count: levels) + String(repeating: "]", count: levels) }
        #expect(try JQValue(json: nested(256)).count == 1)
        for levels in [257, 10_000] {
            let error = #expect(throws: JQError.self) { try JQValue(json: nested(levels)) }
            #expect(error?.kind == .json)
            #expect(error?.message.hasPrefix("Exceeds depth limit") == true)
        }
    }

    @Test(
        "text that is not exactly one JSON value is an error that does not repeat the text",
        arguments: ["", " ", "{", "1 2", "<html>", #""\ud800""#, #"{"a":secret}"#])
    func invalid(json: String) {
        let error = #expect(throws: JQError.self) { try JQValue(json: json) }
        #expect(error?.kind == .json)
        #expect(error?.message.isEmpty == false)
        #expect(error?.message.contains("secret") == false)
    }

    @Test("objects are built key by key, and a shared value is not changed")
    func builder() throws {
        let base = try JQValue(json: #"{"a":1}"#)
        var builder = JQObjectBuilder(base)
        builder.set("b", JQValue([JQValue(2), .null, JQValue(true)]))
        builder.set("a", JQValue("new"))
        let built = builder.build()
        #expect(try built == JQValue(json: #"{"b":[2,null,true],"a":"new"}"#))
        #expect(base.json == #"{"a":1}"#)
        #expect(JQValue(object: [("x", JQValue(1.5))]).json == #"{"x":1.5}"#)
    }

    @Test("a value reports its type, and is nil as any other type")
    func reading() throws {
        let value = try JQValue(json: #"{"s":"x","n":2,"f":false,"z":null,"l":[1]}"#)
        #expect(value["s"]?.string == "x" && value["s"]?.number == nil && value["s"]?.elements == nil)
        #expect(value["f"]?.boolean == false && value["f"]?.isTruthy == false && value["n"]?.isTruthy == true)
        #expect(value["z"]?.isNull == true && value["missing"] == nil && value["l"]?["x"] == nil)
        #expect(value["n"]?.text == "2" && value["s"]?.text == "x" && value["l"]?.text == "[1]")
        #expect(Set(value.entries?.map(\.key) ?? []) == ["s", "n", "f", "z", "l"] && value.count == 5)
    }
}
