import TestServers
import Testing

@testable import JobStore

@Suite("The answers of a job") struct AnswerTests {
    @Test("are the last three lines, oldest first; lines that cannot be read are left out") func decoding() {
        #expect(StoredAnswer.decode("") == [])
        #expect(StoredAnswer.decode("5\ta\tb\nx\tc\n7\n9\td") == [StoredAnswer(at: 9, text: "d")])
        #expect(StoredAnswer.decode("1\ta\n2\tb\n3\tc\n4\td\n").map(\.at) == [2, 3, 4])
        #expect(StoredAnswer.decode("5\ta\tb") == [StoredAnswer(at: 5, text: "a\tb")])
    }

    @Test("and its due time are missing when there is no such job", .needsServers) func missing() async throws {
        try await TestStore.run { test in
            let id = try test.request("a").id
            #expect(try await test.store.answers(of: id) == [])
            #expect(try await test.store.due(of: id).at == nil)
            try await test.admit("a")
            let due = try await test.store.due(of: id)
            #expect(try #require(due.at) > due.now)
            #expect(try await test.store.outlines(of: [id])[id]?.status == .pending)
        }
    }
}
