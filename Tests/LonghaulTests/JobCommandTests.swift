import ExportCore
import JobStore
import TestServers
import Testing

@testable import longhaul

@Suite("longhaul job", .needsServers) struct JobCommandTests {
    private static func job(_ fixture: LetterFixture, _ name: String, _ fields: [String: String]) async throws -> String {
        let number = try #require(JobID(name)).partition(of: 16)
        let key = "{lh:\(number < 10 ? "0" : "")\(number)}:job:\(name)"
        for (field, value) in fields {
            _ = try await fixture.connection.redis.send(["HSET", .string(key), .string(field), .string(value)])
        }
        return key
    }

    @Test("shows the provider's last answers, oldest first, as one line each") func answers() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("a", failed: false)
            let none = try #require(try await fixture.installation.longhaul("job", "a", "--json").objects().first)
            #expect((none["answers"] as? [Any])?.isEmpty == true)
            let lines = "100\tGET https://x/1 answered 503 (text/html): <h1>Busy\nbroken\n2500\tGET https://x/1 answered 429: \u{1B}[2Jslow"
            _ = try await Self.job(fixture, "a", ["answers": lines])
            let text = try await fixture.installation.longhaul("job", "a")
            #expect(text.status == 0)
            #expect(text.output.contains("waits         for its turn among the jobs of its provider") && !text.output.contains("next"))
            #expect(text.output.contains("last answers\n  +0.1s         GET https://x/1 answered 503 (text/html): <h1>Busy\n  +2.5s "))
            #expect(!text.output.contains("\u{1B}"))
            let job = try #require(try await fixture.installation.longhaul("job", "a", "--json").objects().first)
            let answers = try #require(job["answers"] as? [[String: Any]])
            #expect(answers.count == 2 && answers[0]["text"] as? String == "GET https://x/1 answered 503 (text/html): <h1>Busy")
            #expect(answers[0]["at"] as? Int == (job["createdAt"] as? Int).map { $0 + 100 })
        }
    }

    @Test("names where the objects are, and that they are not complete") func objects() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("a", failed: false)
            let none = try await fixture.installation.longhaul("job", "a")
            #expect(none.output.contains("objects       –"), "it has no file yet")
            try await fixture.list("a", files: 2)
            let s3 = ["LONGHAUL_OUTPUT": "s3://bucket/exports/"]
            let text = try await fixture.installation.longhaul("job", "a", setting: s3)
            #expect(text.output.contains(#/objects       s3://bucket/exports/acme/\d{4}-\d\d-\d\d/a/ \(so far\)/#))
            let job = try #require(try await fixture.installation.longhaul("job", "a", "--json", setting: s3).objects().first)
            #expect((job["objects"] as? String)?.hasPrefix("s3://bucket/exports/acme/") == true)
            let unset = try await fixture.installation.longhaul("job", "a", setting: ["LONGHAUL_OUTPUT": ""])
            #expect(unset.output.contains("/a/ below LONGHAUL_OUTPUT, which is not set here"))
        }
    }

    @Test("says by its dead letter why a job is not in the store") func missing() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.putJob("old", reason: "http-403")
            try await fixture.putMalformed(#"{"provider":"acme","exportJobId":"bad","parameters":7}"#)
            try await fixture.putExpired(#"{"provider":"acme","exportJobId":"late"}"#)
            for (name, words) in [
                ("old", "job old ended FAILED, and is no longer in the store (LONGHAUL_KEEP): http-403: "),
                ("bad", "job bad was not accepted, its message is a dead letter: not-json: "),
                ("late", "job late is not in the store, the broker moved its message to the dead letters: expired: "),
            ] {
                let ended = try await fixture.installation.longhaul("job", name)
                #expect(ended.status == 1)
                #expect(try ended.problem().contains(words))
            }
        }
    }

    @Test("and `provider list` say that the provider keeps its jobs waiting, until `provider resume`") func waiting() async throws {
        try await LetterFixture.run { fixture in
            try await Membership(redis: fixture.connection.redis, name: "test").report(providers: ["acme": nil, "zeta": nil])
            try await fixture.admit("a", failed: false)
            var stored = try await fixture.store.health(of: "acme")
            stored.health.pause(.create, for: .seconds(90), now: stored.now)
            stored.health.breaker.record(RequestTally(requests: 20, failures: 20, slow: 0), policy: BreakerPolicy(), now: stored.now)
            #expect(try await fixture.store.setHealth(stored.health, of: "acme", read: stored.version))

            let job = try await fixture.installation.longhaul("job", "a")
            #expect(job.output.contains("waits         the circuit breaker is open since"))
            #expect(job.output.contains("20 of 20 requests failed; create requests pause for "))
            let listed = try await fixture.installation.longhaul("provider", "list", "--json").objects()
            #expect(listed.map { $0["provider"] as? String } == ["acme", "zeta"])
            #expect(listed.map { $0["state"] as? String } == ["open", "works"])
            let watched = try #require(try await fixture.installation.longhaul("watch", "--count", "1", "--json").objects().first)
            #expect((watched["waiting"] as? [[String: Any]])?.first?["provider"] as? String == "acme")
            let followed = try await fixture.installation.longhaul(
                "submit", "acme", "-p", "report=orders", "--id", "a", "--wait", "--timeout", "1s")
            #expect(followed.errors.contains("jobs of acme wait: the circuit breaker is open"), "\(followed.errors)")
            let doctor = try await fixture.installation.longhaul("doctor")
            #expect(doctor.output.contains("! provider acme health: the circuit breaker is open"), "\(doctor.output)")

            let wrong = try await fixture.installation.longhaul("provider", "resume", "acmee")
            #expect(wrong.status == 64)
            #expect(try wrong.problem().contains(#"did you mean "acme"?"#))
            let resumed = try await fixture.installation.longhaul("provider", "resume", "acme", "zeta", "--json")
            #expect(try resumed.objects().map { $0["outcome"] as? String } == ["resumed", "unchanged"])
            #expect(try resumed.objects().map { $0["askedWithinSeconds"] as? Int } == [120, nil])
            let health = try await fixture.store.health(of: "acme")
            #expect(health.health.breaker.state == .closed && health.health.wait(.create, now: health.now) == .zero)
            #expect(try await !fixture.installation.longhaul("job", "a").output.contains("circuit breaker"))
        }
    }
}

@Suite("The next step of a job") struct NextStepTests {
    private static func next(_ state: JobState, due: Int64?, now: Int64 = 1_000_000) throws -> NextStep? {
        let id = try #require(JobID("a"))
        return NextStep(Job(request: JobRequest(id: id, provider: "acme"), state: state), due: DueTime(at: due, now: now))
    }

    @Test("is a check, and never lies in the past") func check() throws {
        let next = try Self.next(JobState(status: .polling), due: 1_150_500)
        #expect(next?.what == "check" && next?.delay == "in 2m31s")
        let overdue = try Self.next(JobState(status: .polling), due: 900_000)
        #expect(overdue?.at == 1_000_000 && overdue?.delay == "now")
    }

    @Test("is an attempt after a failure, and nothing while a job waits for its turn, transfers or has ended") func others() throws {
        for status in [JobStatus.pending, .polling, .ready] {
            #expect(try Self.next(JobState(status: status, failures: 2), due: 1_005_000)?.what == "attempt")
        }
        for status in [JobStatus.pending, .ready, .processing, .completed, .failed] {
            #expect(try Self.next(JobState(status: status), due: 1_005_000) == nil)
        }
        #expect(try Self.next(JobState(status: .polling), due: nil) == nil)
    }

    @Test(
        "is told in the two largest units",
        arguments: [(1, "1s"), (59_001, "1m00s"), (151_000, "2m31s"), (3_599_001, "1h00m"), (14_700_000, "4h05m"), (90_000_000, "1d01h")])
    func text(milliseconds: Int64, text: String) { #expect(NextStep.text(milliseconds) == text) }
}
