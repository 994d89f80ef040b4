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

    @Test("and provider list tell of downloads that fail, by code, until they succeed again") func failedFiles() async throws {
        try await LetterFixture.run { fixture in
            try await Membership(redis: fixture.connection.redis, name: "test").report(providers: ["acme": nil])
            func change(_ body: (inout ProviderHealth, Int64) -> Void) async throws {
                var stored = try await fixture.store.health(of: "acme")
                body(&stored.health, stored.now)
                #expect(try await fixture.store.setHealth(stored.health, of: "acme", read: stored.version))
            }
            try await change { health, now in
                health.failed(.files, "http-500", "GET https://files.example/a answered 500", times: 2, now: now - 90_000)
                health.failed(.files, "http-403", "GET https://files.example/a answered 403", times: 3, now: now - 80_000)
            }
            let downloads = try #require(try await verdicts(fixture)["provider acme downloads"])
            #expect(downloads.verdict == "doubtful" && downloads.detail.hasPrefix("5 attempts at files failed since "), "\(downloads)")
            #expect(downloads.detail.contains(#/ and none succeeded, the last 1m2\ds ago with http-403: GET https:.* answered 403/#))
            #expect(downloads.detail.hasSuffix("; before that: http-500 (2)"))
            let listed = try #require(try await fixture.installation.longhaul("provider", "list", "--json").objects().first)
            #expect(listed["state"] as? String == "failing" && listed["reason"] == nil, "\(listed)")
            #expect(((listed["failedFiles"] as? [String: [String: Any]])?["http-403"])?["times"] as? Int == 3)
            #expect(try await fixture.installation.longhaul("provider", "list").output.contains("5 attempts at files failed"))
            #expect(try await fixture.installation.longhaul("provider", "show", "acme").output.contains("5 attempts at files failed"))

            try await change { health, now in health.worked(.files, now: now) }
            #expect(try await verdicts(fixture)["provider acme downloads"] == nil)
            #expect(try await fixture.installation.longhaul("provider", "list", "--json").objects().first?["state"] as? String == "works")

            // The object storage is not the provider.
            try await change { health, now in health.failed(.files, "storage-full", "PUT: QuotaExceeded", now: now) }
            let found = try await verdicts(fixture)
            #expect(found["provider acme downloads"] == nil && found["storage"]?.verdict == "doubtful")
            #expect(try await fixture.installation.longhaul("provider", "list", "--json").objects().first?["state"] as? String == "works")
        }
    }

    @Test("tells of work that was lost, and doubts only when it is more than a restart leaves") func lostWork() async throws {
        try await LetterFixture.run { fixture in
            #expect(try await verdicts(fixture)["lost work"] == nil)
            try await fixture.store.record([.files: 3])
            let few = try #require(try await verdicts(fixture)["lost work"])
            #expect(few.verdict == "good" && few.detail.contains("3 transfers stopped without an end"), "\(few)")
            try await fixture.store.record([.messages: 700, .files: 1])
            let many = try #require(try await verdicts(fixture)["lost work"])
            #expect(many.verdict == "doubtful" && many.detail.contains("4 transfers stopped"), "\(many)")
            #expect(many.detail.contains("700 files had lost their messages; the last within the last minute"), "\(many)")
            #expect(many.detail.contains("longhaul.downloads.* was purged or deleted; see ops/runbooks/orphaned-jobs.md"), "\(many)")
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
