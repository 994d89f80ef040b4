import Encoding
import Testing

@Suite("Sorted JSON") struct SortedJSONTests {
    @Test("has no spaces, its members in order, and its scalars as they were written") func asWritten() {
        let text = #" { "b" : [ 1.10 , { "y" : "\u00e4 /" , "x" : null } , [ ] ] , "a" : 123456789012345678901234567890 } "#
        #expect(
            SortedJSON.text(text, .asWritten) == #"{"a":123456789012345678901234567890,"b":[1.10,{"x":null,"y":"\u00e4 /"},[]]}"#)
        #expect(SortedJSON.members(text, .asWritten)?["a"] == "123456789012345678901234567890")
        #expect(SortedJSON.members(#"{"\u0061\"":true,"a\"":false}"#, .asWritten) == [#"a""#: "false"], "the last of a name counts")
    }

    @Test(
        "by value is the same for all ways to write a value",
        arguments: [
            ("1", "1.0"), ("100", "1e2"), ("0.5", "5E-1"), ("0", "-0.00"), ("-12000", "-1.2e+4"), (#""ä""#, #""\u00E4""#),
            (#""😀/""#, #""\ud83d\ude00\/""#), (#"{"a":1,"b":[2]}"#, #"{ "b": [2.0], "\u0061": 1 }"#),
        ])
    func same(one: String, other: String) { #expect(SortedJSON.text(one, .byValue) == SortedJSON.text(other, .byValue)) }

    @Test(
        "by value differs for different values",
        arguments: [
            ("123456789012345678901", "123456789012345678902"), ("9007199254740993", "9007199254740992"), ("1", #""1""#), ("1", "true"),
            ("1", "-1"), ("0.1", "0.10000000000000000001"), ("[1,2]", "[2,1]"), ("[]", "{}"), ("null", "0"), ("12", "1e2"),
        ])
    func different(one: String, other: String) throws {
        #expect(try #require(SortedJSON.text(one, .byValue)) != #require(SortedJSON.text(other, .byValue)))
    }

    @Test(
        "is nothing for what is not JSON",
        arguments: [
            "", "x", "{", "[1,]", "[,]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "01", "+1", "1.", ".5", "-", "1e", "1 2", "nul",
            "tru e",
            #""\x""#, #""\ud800""#, #""\u00g0""#, #""\u+123""#, "\"\n\"", "\"", #""\"#, "NaN", "{1:2}", "1e99999999999999999999",
        ])
    func invalid(text: String) {
        #expect(SortedJSON.text(text, .asWritten) == nil)
        #expect(SortedJSON.text(text, .byValue) == nil)
    }

    @Test("is bounded in depth") func depth() {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(SortedJSON.text(nested(512), .byValue) == nested(512))
        #expect(SortedJSON.text(nested(100_000), .byValue) == nil)
    }

    @Test("has members only for an object", arguments: ["[]", "1", "null", #""a""#, "{} {}"])
    func members(text: String) { #expect(SortedJSON.members(text, .byValue) == nil) }
}
