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
            ("[1.2345678901234567890, 5]", true), (#"{"ts":1764450000000000}"#, true), (#"{"id":"urn:li:1234567890123456789"}"#, true),
            (#"{"note":"card 4111111111111111"}"#, true), (#"{"note":"a \\", "n":[ 12345678901234567890 ]}"#, false),
            (#"{"note":"a \" 12345678901234567890, ","n":1e20}"#, true), (#"{"12345678901234567890":1e300}"#, true),
            ("9007199254740992", true), ("9007199254740993", false), ("[9007199254740992.5,\t-9007199254740993\n]", false),
            ("[12345678901234567e3,0]", true), ("12345678901234567", false),
        ])
    func fromjson(text: String, isFine: Bool) throws {
        let output = try? JQ().compile("fromjson").first(JQValue(text))
        #expect((output != nil) == isFine)
    }

    @Test("fromjson takes time in proportion to the text", arguments: [false, true])
    func longTexts(isFine: Bool) throws {
        let digits = String(repeating: "1", count: 200_000)
        let list = String(repeating: "1e300,\"12345678901234567890\",", count: 20_000)
        let text = "{\"a\":\"\(digits)\",\"b\":[\(list)\(isFine ? "1" : digits)]}"
        let clock = ContinuousClock()
        let took = clock.measure { #expect(((try? JQ().compile("fromjson").first(JQValue(text))) != nil) == isFine) }
        #expect(took < .seconds(10), "\(took)")
    }
}
