import Encoding
import Testing

@Suite("Flat JSON") struct FlatJSONTests {
    @Test("is read as it was written") func members() {
        let text = #"{"name":"ä/b.csv","bytes":9007199254740993,"less":-1,"empty":""}"#
        #expect(
            FlatJSON.members(Array(text.utf8)) == [
                "name": .string("ä/b.csv"), "bytes": .integer(9_007_199_254_740_993), "less": .integer(-1), "empty": .string(""),
            ])
        #expect(FlatJSON.members(Array("{}".utf8)) == [:])
        #expect(FlatJSON.array(Array(#"[{"a":1},{"a":2}]"#.utf8)) == [["a": .integer(1)], ["a": .integer(2)]])
        #expect(FlatJSON.array(Array("[]".utf8)) == [])
    }

    @Test(
        "leaves all other JSON to a full decoder",
        arguments: [
            "", "{", "{}}", #"{"a":1,}"#, #"{"a":1}x"#, #"{"a" :1}"#, #"{"a":{}}"#, #"{"a":[1]}"#, #"{"a":true}"#, #"{"a":null}"#,
            #"{"a":1.5}"#,
            #"{"a":1e3}"#, #"{"a":01}"#, #"{"a":-0}"#, #"{"a":99999999999999999999}"#, #"{"a":"\n"}"#, "{\"a\":\"\n\"}", #"{"a":1,"a":2}"#,
            #"{"a":"x}"#,
            #"{"a"1}"#, #"{1:1}"#,
        ])
    func refused(text: String) { #expect(FlatJSON.members(Array(text.utf8)) == nil) }

    @Test("leaves bytes that are not UTF-8 to a full decoder") func encoding() {
        #expect(FlatJSON.members(Array(#"{"a":""#.utf8) + [0xC3] + Array(#""}"#.utf8)) == nil)
    }

    @Test("is read back as the writer wrote it", arguments: 0..<100) func roundTrip(seed: UInt64) {
        var generator = SplitMix64(state: seed)
        // Strings that need escapes are left to a full decoder.
        let needsEscape = { (scalar: Unicode.Scalar) in scalar.value < 0x20 || scalar == "\"" || scalar == "\\" }
        let name = String(String.random(using: &generator).unicodeScalars.filter { !needsEscape($0) })
        let number = Int64.random(in: .min ... .max, using: &generator)
        var writer = JSONWriter()
        writer.object { json in
            json.field("name", name)
            json.field("bytes", number)
        }
        #expect(FlatJSON.members(writer.bytes) == ["name": .string(name), "bytes": .integer(number)])
    }
}
