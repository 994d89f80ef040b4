import JQ
import Testing

@Suite("Exact integers")
struct ExactIntegerTests {
    @Test(
        "only strings whose digits came as a number become numbers again, and keys never do",
        arguments: [
            (#"{"a":"12345678901234567890"}"#, #"{"a":12345678901234567890}"#), (#""-9007199254740993""#, "-9007199254740993"),
            (#"["12345678901234567890","x",["12345678901234567890"]]"#, #"[12345678901234567890,"x",[12345678901234567890]]"#),
            (#"{"12345678901234567890":"12345678901234567899"}"#, #"{"12345678901234567890":"12345678901234567899"}"#),
            (#"{"12345678901234567890" : 1}"#, #"{"12345678901234567890" : 1}"#),
            (#""n 12345678901234567890""#, #""n 12345678901234567890""#),
            (#""\"12345678901234567890\"""#, #""\"12345678901234567890\"""#), ("{}", "{}"), ("", ""),
            ("\"12345678901234567890", "\"12345678901234567890"),
        ])
    func restored(json: String, exact: String) {
        var integers = ExactIntegers()
        integers.insert(numbersIn: #"{"id":12345678901234567890,"n":-9007199254740993,"small":17,"text":"12345678901234567899"}"#)
        #expect(integers.restored(json) == exact)
    }

    @Test("digits of a string can be remembered, but not with leading zeros")
    func strings() {
        var integers = ExactIntegers()
        integers.insert(stringsIn: #"["12345678901234567890","00012345678901234567"]"#)
        #expect(integers.restored(#"["12345678901234567890","00012345678901234567"]"#) == #"[12345678901234567890,"00012345678901234567"]"#)
    }

    @Test(
        "tonumber does not round an integer",
        arguments: [
            (#""12345678901234567890""#, #""12345678901234567890""#), (#""-9007199254740993""#, #""-9007199254740993""#), (#""17""#, "17"),
            (#""0000000000000000012""#, "12"), (#""1.5""#, "1.5"), ("3", "3"), (#""9007199254740991""#, "9007199254740991"),
        ])
    func tonumber(input: String, output: String) throws {
        #expect(try JQ().compile("tonumber").first(JQValue(json: input))?.json == output)
    }

    @Test(
        "fromjson refuses what it would round",
        arguments: [
            ("[12345678901234567890]", false), ("[1,-12345678901234567]", false), (#"{"a":"12345678901234567890"}"#, true),
            ("[1.2345678901234567890, 5]", true),
        ])
    func fromjson(text: String, isFine: Bool) throws {
        let output = try? JQ().compile("fromjson").first(JQValue(text))
        #expect((output != nil) == isFine)
    }
}
