import ExportCore
import JobStore
import TestServers
import Testing

@testable import longhaul

@Suite("longhaul doctor", .needsServers) struct DoctorTests {
    private func verdicts(_ fixture: LetterFixture) async throws -> [String: (verdict: String, detail: String)] {
        let objects = try await fixture.installation.longhaul("doctor", "--json").objects()
        return objects.reduce(into: [:]) { found, object in
            #expect(Set(object.keys) == ["subject", "verdict", "detail"], "the form of a finding is stable")
            found[object["subject"] as? String ?? ""] = (object["verdict"] as? String ?? "", object["detail"] as? String ?? "")
        }
    }

    @Test("says how many jobs are open, and that none is overdue") func calm() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("a", failed: false)
            let found = try await verdicts(fixture)
            #expect(found["timers"]?.verdict == "good")
            #expect(try #require(found["jobs"]) == ("good", "1 PENDING"))
            #expect(found["memory"]?.verdict == "good")
        }
    }

    @Test("reports timers that nobody claims, and jobs that wait for long, and exits with 1") func overdue() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("a", failed: false)
            let redis = fixture.connection.redis, id = try #require(JobID("a"))
            let number = id.partition(of: 16), tag = "{lh:\(number < 10 ? "0" : "")\(number)}:"
            let now = try await fixture.store.now()
            _ = try await redis.send(["ZADD", .string(tag + "due"), .integer(now - 300_000), "a"])
            _ = try await redis.send(["ZADD", .string(tag + "status:PENDING"), .integer(now - 7_200_000), "a"])
            let found = try await verdicts(fixture)
            #expect(found["timers"]?.verdict == "bad")
            #expect(found["timers"]?.detail.contains("overdue by 5m") == true)
            #expect(found["jobs PENDING"]?.verdict == "doubtful")
            #expect(found["jobs PENDING"]?.detail.contains("has waited 2h00m") == true)
            #expect(try await fixture.installation.longhaul("doctor").status == 1)
            let nagios = try await fixture.installation.longhaul("doctor", "--nagios")
            #expect(nagios.status == 2 && nagios.output.hasPrefix("LONGHAUL CRITICAL - "), "\(nagios.output)")
        }
    }
}
