import Encoding
import Testing

@Suite("A compact member")
struct CompactMemberTests {
    private func value(_ name: String, _ text: String) -> String? { CompactMember.value(name, in: Array(text.utf8)) }

    @Test("keeps its order, its numbers and the spaces in its strings, and loses the others")
    func compact() {
        let text = """
             { "other" : [ 1, { "parameters" : 2 } ],
               "parameters" : { "b" : [ 1.50, 12345678901234567890 ], "a b" : "x \\"} y" } }
            """
        #expect(value("parameters", text) == #"{"b":[1.50,12345678901234567890],"a b":"x \"} y"}"#)
        #expect(value("other", text) == #"[1,{"parameters":2}]"#)
    }

    @Test(
        "is left to a full parser where only that can tell",
        arguments: [
            "", "[]", "{}", #"{"b":1}"#, #"{"a":1,"a":2}"#, #"{"\u0061":1}"#, #"{"a":1"#, #"{"a":"x}"#, "{\"a\":\"\n\"}", #"{"a":{"b":1}"#,
            #"{"a":"x\"#,
        ])
    func refused(text: String) { #expect(value("a", text) == nil) }
}
