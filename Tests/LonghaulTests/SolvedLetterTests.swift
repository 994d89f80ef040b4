import ExportCore
import Foundation
import JobMessages
import JobStore
import RabbitMQ
import TestServers
import Testing

@testable import longhaul

@Suite("A solved dead letter", .needsServers) struct SolvedLetterTests {
    /// Letters of a failed, a running and a forgotten job, of a message that was submitted again, and of one whose id another job has.
    private static func filled(_ body: (LetterFixture) async throws -> Void) async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("failed", failed: true)
            for name in ["running", "again", "taken"] { try await fixture.admit(name, failed: false) }
            for name in ["failed", "running", "forgotten"] { try await fixture.putJob(name) }
            try await fixture.putFile(0, of: "running")
            let again = String(decoding: try JobMessage.encode(LetterFixture.job("again")), as: UTF8.self)
            for message in [again, again.replacing("again", with: "taken").replacing("orders", with: "other")] {
                try await fixture.putMalformed(message)
            }
            try await body(fixture)
        }
    }

    private static func names(_ ended: ChildProcess.Ended) throws -> [String] {
        try ended.objects().compactMap { $0["exportJobId"] as? String }.sorted()
    }

    @Test("is hidden by list, which says how many, and shown with --all") func list() async throws {
        try await Self.filled { fixture in
            #expect(try Self.names(await fixture.longhaul("list", "--json")) == ["failed", "forgotten", "taken"])
            let all = try await fixture.longhaul("list", "--all", "--json").objects()
            let solved = all.filter { $0["solved"] as? Bool == true }.compactMap { $0["exportJobId"] as? String }.sorted()
            #expect(all.count == 6 && solved == ["again", "running", "running"])
            let text = try await fixture.longhaul("list")
            #expect(text.output.contains("; 3 solved letters are hidden, --all shows them"))
            #expect(text.output.contains("FAILED"))
            let shown = try await fixture.longhaul("show", "3", "--json")
            #expect(shown.status == 0, "the numbers are those of the list")
            #expect(try await fixture.longhaul("show", "4").status == 1)
        }
    }

    @Test("is removed by discard --solved and nothing else is") func discard() async throws {
        try await Self.filled { fixture in
            let ended = try await fixture.longhaul("discard", "--solved", "--yes")
            #expect(ended.output == "3 letters: 3 discarded\n", "\(ended.errors)")
            #expect(try Self.names(await fixture.longhaul("list", "--all", "--json")) == ["failed", "forgotten", "taken"])
            #expect(try await fixture.longhaul("discard", "--solved", "--yes").output == "there is no such letter\n")
        }
    }

    @Test("is removed by redrive, counted apart, and its work is not done again") func redrive() async throws {
        try await Self.filled { fixture in
            let ended = try await fixture.longhaul("redrive", "--all")
            #expect(ended.output == "6 letters: 2 published again, 1 retried, 3 solved, discarded\n", "\(ended.errors)")
            let published = try await fixture.bodies(QueueNames.jobs(.normal)) + fixture.bodies(QueueNames.jobs(.high))
            #expect(try published.map { try JobMessage.decode(Array($0.utf8)).id.text }.sorted() == ["forgotten", "taken"])
        }
    }

    @Test("is not there any more once its job was retried, while a newer one stays") func retried() async throws {
        try await LetterFixture.run { fixture in
            for name in ["a", "b", "c"] { try await fixture.admit(name, failed: true) }
            for name in ["a", "b", "c"] { try await fixture.putJob(name) }
            try await fixture.putFile(0, of: "a")
            // As if the job had failed again before the letters are looked at.
            try await fixture.putJob("a", ago: -60)
            let one = try await fixture.installation.longhaul("retry", "a")
            #expect(one.status == 0 && one.errors.contains("2 dead letters of these jobs removed"), "\(one.errors)")
            #expect(try await fixture.letters().compactMap(\.job?.text).sorted() == ["a", "b", "c"])
            let bulk = try await fixture.installation.longhaul("retry", "--status", "failed")
            #expect(bulk.errors.contains("2 retried"))
            #expect(try await fixture.letters().compactMap(\.job?.text) == ["a"])
        }
    }

    @Test("is shown like any other while the store cannot be reached") func noStore() async throws {
        try await Self.filled { fixture in
            let ended = try await fixture.installation.longhaul(
                "dead-letters", "list", "--json", setting: ["LONGHAUL_REDIS_URL": "redis://127.0.0.1:9/0"])
            #expect(ended.status == 0)
            #expect(try ended.objects().count == 6)
            #expect(try ended.problem().contains("warning: solved letters are shown too"))
        }
    }

    @Test("of a skipped file is none: it is the only record of the file") func skipped() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("a", failed: false)
            try await fixture.putFile(0, of: "a")
            _ = try await fixture.connection.redis.send(["HSET", "{lh:\(Self.partition("a"))}:job:a", "filesFailed", "1"])
            #expect(try Self.names(await fixture.longhaul("list", "--json")) == ["a"])
        }
    }

    @Test("is none if the broker moved the message of another job with the same id") func brokerConflict() async throws {
        try await LetterFixture.run { fixture in
            for name in ["same", "taken"] { try await fixture.admit(name, failed: false) }
            try await fixture.admit("failed", failed: true)
            for name in ["same", "failed"] {
                try await fixture.putExpired(String(decoding: try JobMessage.encode(LetterFixture.job(name)), as: UTF8.self))
            }
            for name in ["taken", "failed"] {
                let other = String(decoding: try JobMessage.encode(LetterFixture.job(name)), as: UTF8.self)
                try await fixture.putExpired(other.replacing("orders", with: "other"))
            }
            try await eventually(within: Installation.deadline, "the letters to be old enough to be solved") {
                try Self.names(await fixture.longhaul("list", "--json")) == ["failed", "failed", "taken"]
            }
            let retried = try await fixture.installation.longhaul("retry", "failed")
            #expect(retried.status == 0, "\(retried.errors)")
            #expect(try await fixture.letters().count == 4, "a retry removes no message of another job")
            let ended = try await fixture.longhaul("redrive", "--all")
            #expect(ended.output == "4 letters: 2 published again, 2 solved, discarded\n", "\(ended.errors)")
            let published = try await fixture.bodies(QueueNames.jobs(.low))
            #expect(published.count == 2 && published.allSatisfy { $0.contains("other") }, "\(published)")
        }
    }

    private static func partition(_ name: String) -> String {
        let number = JobID(name).map { $0.partition(of: 16) } ?? 0
        return number < 10 ? "0\(number)" : "\(number)"
    }
}
