import ExportCore
import JobStore
import Testing

@testable import Trail

@Suite("An object of the trail") struct TrailObjectTests {
    private func mark(_ text: String) throws -> TrailMark { try #require(TrailMark(text)) }

    @Test("stands under the hour at which its lines moved, and sorts by its last entry") func keys() throws {
        let key = TrailObject.key(upTo: try mark("1764500000000-7"), partition: 3)
        #expect(key == "_trail/03/2025-11-30/10/001764500000000-000000007.ndjson")
        let later = TrailObject.key(upTo: try mark("1764500000000-10"), partition: 3)
        #expect(key < later)
    }

    @Test("is found by any entry up to its last one", arguments: [("100-0", 0), ("200-3", 0), ("200-4", 1), ("300-0", 1)])
    func lookup(entry: String, object: Int) throws {
        let keys = [TrailObject.key(upTo: try mark("200-3"), partition: 0), TrailObject.key(upTo: try mark("300-0"), partition: 0)]
        #expect(TrailObject.key(of: try mark(entry), partition: 0, among: keys.reversed()) == keys[object])
    }

    @Test("is not found by an entry that is later than all of them") func missing() throws {
        let keys = [TrailObject.key(upTo: try mark("200-3"), partition: 0)]
        #expect(TrailObject.key(of: try mark("200-4"), partition: 0, among: keys) == nil)
        #expect(TrailObject.key(of: try mark("200-4"), partition: 0, among: []) == nil)
    }

    @Test("gives back what it was made of") func coding() throws {
        let entries = [
            (mark: try mark("100-0"), lines: TrailLines(job: "a", before: nil, text: "0 PENDING\n12 ~<180n running \"40%\"\n")),
            (mark: try mark("100-1"), lines: TrailLines(job: "b é", before: try mark("90-2"), text: "5 ! x\n")),
        ]
        let decoded = try TrailObject.decode(TrailObject.encode(entries), "k")
        #expect(decoded == [entries[0].mark: entries[0].lines, entries[1].mark: entries[1].lines])
    }

    @Test("says which object is none", arguments: ["{}", "x", #"{"mark":"x","exportJobId":"a","lines":""}"#]) func damaged(text: String) {
        #expect { try TrailObject.decode(Array(text.utf8), "the/key") } throws: { "\($0)".contains("the/key") }
    }

    @Test("is named by a mark that is two numbers", arguments: ["", "-", "1-", "-1", "1-2-3", "a-1", "1", "-1-2"]) func marks(text: String)
    {
        #expect(TrailMark(text) == nil)
    }
}
