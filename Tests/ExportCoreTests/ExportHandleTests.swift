import ExportCore
import Testing

@Suite("The handle of an export")
struct ExportHandleTests {
    private static func handle(
        _ values: String, plan: String? = nil, step: Int? = nil, partial: String? = nil, running: Int64? = nil
    ) -> ExportHandle {
        var handle = ExportHandle(values)
        handle.plan = plan
        handle.step = step
        handle.partial = partial
        handle.runningAfter = running
        return handle
    }

    @Test("holds the notes as the first member, beside the values") func notes() {
        let handle = Self.handle(#"{"id":"7","run":8}"#, plan: "0a1b2c3d", step: 2, partial: "3 of 4 regions", running: 1500)
        #expect(handle.text == #"{"@":{"plan":"0a1b2c3d","partial":"3 of 4 regions","running":1500,"step":2},"id":"7","run":8}"#)
        #expect(handle.values == #"{"id":"7","run":8}"#)
        #expect(Self.handle(#"{"id":"7"}"#, step: 0).text == #"{"@":{"step":0},"id":"7"}"#)
    }

    static let values = [
        "{}", #"{"id":"7"}"#, #"{"id":12345678901234567890,"list":[1,"}",{"@":{"step":9}}]}"#,
        #"{"url":"https://x.example/?a=b,c","@@":"{\"@\":1}"}"#,
        "{\"\u{301}\":\"\u{301}\",\"n\":null}",
    ]

    @Test("is read as it was written", arguments: values)
    func roundTrip(values: String) {
        let handles = [
            Self.handle(values), Self.handle(values, step: 0), Self.handle(values, step: 17, partial: "a"), Self.handle(values, running: 0),
            Self.handle(values, step: 1, partial: "", running: .max), Self.handle(values, partial: "b", running: 86_400_000),
            Self.handle(values, plan: "0a1b2c3d"), Self.handle(values, plan: "ffffffff", step: 2, partial: "c", running: 3),
        ]
        for handle in handles {
            let read = ExportHandle(handle.text)
            #expect(read == handle)
            #expect(read.text == handle.text)
            #expect(read.values == values)
        }
    }

    @Test(
        "keeps any text that says what is missing",
        arguments: [
            #"the region "north" is missing"#, #"a\b"c\"}"#, #"},"step":9,"#, "two\nlines\r\nand\ta tab\u{0}", "é 漢 🇨🇭",
            "\u{301}a\u{200B}", #"{"@":{"step":5}}"#, "\"", "\\", #"\u0041"#,
        ])
    func texts(partial: String) {
        for values in Self.values {
            let handle = Self.handle(values, plan: "0a1b2c3d", step: 3, partial: partial, running: 1)
            let read = ExportHandle(handle.text)
            #expect(read.partial == partial)
            #expect(read.step == 3 && read.runningAfter == 1)
            #expect(read.values == values, "\(handle.text)")
            #expect(!handle.text.utf8.contains { $0 < 0x20 }, "control characters are escaped")
        }
    }

    @Test("is the values alone without notes", arguments: values)
    func noNotes(values: String) {
        let handle = ExportHandle(values)
        #expect(handle.text == values && handle.values == values)
        #expect(handle.plan == nil && handle.step == nil && handle.partial == nil && handle.runningAfter == nil)
    }

    @Test("is the values alone again when the last note goes", arguments: values)
    func removed(values: String) {
        var handle = ExportHandle(Self.handle(values, step: 4, partial: "x", running: 5).text)
        handle.partial = nil
        handle.runningAfter = nil
        #expect(ExportHandle(handle.text).step == 4)
        handle.step = nil
        #expect(handle.text == values)
    }

    @Test("of an export that stores nothing holds the notes alone") func empty() {
        let handle = Self.handle("{}", step: 1)
        #expect(handle.text == #"{"@":{"step":1}}"#)
        let read = ExportHandle(handle.text)
        #expect(read.values == "{}" && read.step == 1)
    }

    @Test("tells the version of its provider file without the rest", arguments: values) func plan(values: String) {
        for handle in [Self.handle(values, plan: "0a1b2c3d"), Self.handle(values, plan: "0a1b2c3d", step: 1, partial: "a\"b", running: 2)] {
            #expect(ExportHandle.plan(of: handle.text) == "0a1b2c3d")
            #expect(ExportHandle(handle.text).plan == "0a1b2c3d")
        }
        #expect(ExportHandle.plan(of: Self.handle(values, step: 1, partial: #"","plan":"x"#).text) == nil)
        #expect(ExportHandle.plan(of: nil) == nil)
    }

    @Test("takes new values without losing its notes") func newValues() {
        var handle = ExportHandle(Self.handle(#"{"id":"7"}"#, step: 1, running: 20).text)
        handle.values = #"{"id":"8","run":"r"}"#
        #expect(handle.text == #"{"@":{"running":20,"step":1},"id":"8","run":"r"}"#)
    }

    @Test(
        "that holds no notes in their place is values as it is",
        arguments: [#"{"id":1,"@":{"step":2}}"#, #"{"@":1,"id":2}"#, #"{"@":{"step":1},"#, "[]", "", #"{"@@":{"step":2}}"#])
    func others(text: String) {
        let handle = ExportHandle(text)
        #expect(handle.values == text && handle.text == text)
        #expect(handle.step == nil && handle.partial == nil && handle.runningAfter == nil)
    }

    @Test("ignores notes that it does not know, and those of another type") func unknownNotes() {
        let handle = ExportHandle(#"{"@":{"later":[1,{"a":"}"}],"partial":7,"plan":[],"running":1.5,"step":"2"},"id":"7"}"#)
        #expect(handle.plan == nil && handle.step == nil && handle.partial == nil && handle.runningAfter == nil)
        #expect(handle.values == #"{"id":"7"}"#)
    }
}
