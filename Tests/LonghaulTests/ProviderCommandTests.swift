import ExportCore
import JobStore
import TestServers
import Testing

@testable import longhaul

@Suite("longhaul provider", .needsServers) struct ProviderCommandTests {
    /// An installation in which `acme` is held, downloads of `beta` pause and `zeta` works.
    private static func run(_ body: (LetterFixture) async throws -> Void) async throws {
        try await LetterFixture.run { fixture in
            try await Membership(redis: fixture.connection.redis, name: "test").report(providers: ["acme": nil, "beta": nil, "zeta": nil])
            var stored = try await fixture.store.health(of: "acme")
            stored.health.breaker.hold(
                code: "http-401", message: "GET /exports answered 401: the token has expired", policy: BreakerPolicy(), now: stored.now)
            #expect(try await fixture.store.setHealth(stored.health, of: "acme", read: stored.version))
            stored = try await fixture.store.health(of: "beta")
            stored.health.pause(.download(host: "files.example"), for: .seconds(90), now: stored.now)
            #expect(try await fixture.store.setHealth(stored.health, of: "beta", read: stored.version))
            try await body(fixture)
        }
    }

    @Test("list tells which providers are held or pause, and why") func list() async throws {
        try await Self.run { fixture in
            let lines = try await fixture.installation.longhaul("provider", "list").output.split(separator: "\n")
            try #require(lines.count == 4)
            #expect(
                lines[1].contains(
                    #/^acme +held +\S+ \S+ +GET /exports answered 401: the token has expired \(held since .*, next try in \d+ s\)$/#),
                "\(lines[1])")
            #expect(lines[2].contains(#/^beta +paused +– +downloads from files\.example pause for \d+ s$/#), "\(lines[2])")
            #expect(lines[3].contains(#/^zeta +works +–/#), "\(lines[3])")
            let objects = try await fixture.installation.longhaul("provider", "list", "--json").objects()
            #expect(objects.map { $0["state"] as? String } == ["held", "paused", "works"])
            #expect(objects[0]["hold"] as? String == "http-401")
            #expect((objects[0]["reason"] as? String)?.hasPrefix("GET /exports answered 401: the token has expired") == true)
            #expect(objects[0]["openUntil"] is Int && objects[0]["since"] is Int)
            let paused = try #require((objects[1]["pausedSeconds"] as? [String: Int])?["download:files.example"])
            #expect((30...90).contains(paused))
            #expect(objects[2]["reason"] == nil && objects[2]["hold"] == nil)
        }
    }

    @Test("list explains each state in its help") func help() async throws {
        try await Installation.run { installation in
            let help = try await installation.longhaul("provider", "list", "--help").output
            for state in ["works", "paused", "open", "half-open", "held"] { #expect(help.contains(state), "\(state)") }
        }
    }

    @Test("resume lifts a hold and the pause of a download host") func resume() async throws {
        try await Self.run { fixture in
            let resumed = try await fixture.installation.longhaul("provider", "resume", "acme", "beta", "zeta", "--json")
            #expect(try resumed.objects().map { $0["outcome"] as? String } == ["resumed", "resumed", "unchanged"])
            let acme = try await fixture.store.health(of: "acme")
            #expect(acme.health.breaker.hold == nil && acme.health.breaker.state == .closed)
            #expect(acme.health.obstacle(.create, now: acme.now) == nil && acme.health.wait(.create, now: acme.now) == .zero)
            let beta = try await fixture.store.health(of: "beta")
            #expect(beta.health.wait(.download(host: "files.example"), now: beta.now) == .zero)
            let listed = try await fixture.installation.longhaul("provider", "list", "--json").objects()
            #expect(listed.map { $0["state"] as? String } == ["works", "works", "works"])
        }
    }

    @Test("is beside doctor, which reports a missing secret of each provider and exits with 1") func missingSecret() async throws {
        try await LetterFixture.run { fixture in
            let auth = "auth: { bearer: \"{{ .secrets.ACME_TEST_TOKEN }}\" }\n"
            try fixture.installation.writeProvider(baseURL: "http://127.0.0.1:9", more: auth)
            let missing = try await fixture.installation.longhaul("doctor", "--json")
            #expect(missing.status == 1)
            let bad = try missing.objects().filter { $0["verdict"] as? String == "bad" }
            #expect(bad.count == 1, "\(missing.output)")
            #expect("\(bad.first ?? [:])".contains("ACME_TEST_TOKEN") && "\(bad.first ?? [:])".contains("acme"), "\(bad)")
            let set = try await fixture.installation.longhaul("doctor", "--json", setting: ["ACME_TEST_TOKEN": "hush-hush"])
            #expect(set.status == 0, "\(set.output)")
            #expect(!set.output.contains("hush-hush"))
        }
    }
}
