import Foundation
import TestServers
import Testing

@Suite("A token that changes with each renewal, shared by eight orchestrators", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct SharedTokenTests {
    private static let orchestrators = 8

    /// Eight orchestrators with jobs that are checked all the time.
    private static func run(
        expiresIn: Int, hasGrace: Bool, _ body: (RotatingTokens, [String: ChildProcess], Installation) async throws -> Void
    ) async throws {
        let api = try RotatingTokens(expiresIn: expiresIn, hasGrace: hasGrace)
        defer { api.server.stop() }
        try await Installation.run { installation in
            var installation = installation
            installation.environment["LONGHAUL_SECRETS_KEY"] = Data(repeating: 5, count: 32).base64EncodedString()
            for (name, value) in ["ID": "cl1ent", "SECRET": "s3cret", "FIRST": "r3fresh-0"] { installation.environment[name] = value }
            _ = try installation.write(yaml(api), to: "providers/acme.yaml")
            #expect(try await installation.longhaul("setup").status == 0)
            var children: [String: ChildProcess] = [:]
            for number in 1...orchestrators {
                children["o\(number)"] = try installation.start(["orchestrator"], setting: ["LONGHAUL_NAME": "o\(number)"])
            }
            defer { for child in children.values { child.send(SIGKILL) } }
            let jobs = (1...40).map { #"{"provider":"acme","exportJobId":"j\#($0)"}"# }.joined(separator: "\n")
            let file = try installation.write(jobs, to: "jobs.ndjson")
            #expect(try await installation.longhaul("submit", "--from", file).status == 0)
            try await body(api, children, installation)
            for secret in ["r3fresh-", "t0ken-", "s3cret"] {
                for child in children.values { #expect(try !(child.output + child.errors).contains(secret)) }
            }
        }
    }

    private static func yaml(_ api: RotatingTokens) -> String {
        """
        provider: acme
        baseURL: \(api.server.url)
        auth:
          oauth2:
            tokenURL: \(api.server.url)/token
            clientId: "{{ .secrets.ID }}"
            clientSecret: "{{ .secrets.SECRET }}"
            refreshToken: "{{ .secrets.FIRST }}"
        create: { request: POST /x, export: { id: .response.body.id }, idempotent: true }
        status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /f, items: .response.body.files }
        polling: { policy: fixed, interval: 200ms, maxAttempts: 100000 }
        timeouts: { whole: 1s }
        breaker: { minimum: 100000, heldProbe: 1s }
        """
    }

    private static func reach(_ renewals: Int, _ api: RotatingTokens) async throws {
        try await eventually(within: Installation.deadline, "\(renewals) renewals") { api.state.renewals.count >= renewals }
    }

    @Test("is renewed by one of them each time, and none sends a dead token") func once() async throws {
        try await Self.run(expiresIn: 3, hasGrace: false) { api, _, _ in
            try await Self.reach(5, api)
            let state = api.state
            #expect(state.renewals == Array(0..<state.renewals.count), "each refresh token is used once")
            #expect(state.dead == 0 && state.requests > 100, "\(state.requests) requests, \(state.dead) dead")
        }
    }

    /// Kills the orchestrator that renews, after the API has changed the tokens and before the process can record them.
    private static func killRenewing(
        _ api: RotatingTokens, _ children: [String: ChildProcess], _ installation: Installation
    ) async throws -> Int {
        try await reach(2, api)
        api.holdNext()
        try await eventually(within: Installation.deadline, "a renewal that is held back") { api.state.isHolding }
        let sent = api.state.renewals.count
        let url = installation.environment["LONGHAUL_REDIS_URL"] ?? ""
        let record = try await ChildProcess.start("/usr/bin/env", ["redis-cli", "-u", url, "HGET", "{lh:p:acme}:session", "value"])
            .end(within: .seconds(20)).output
        let name = try #require(record.firstMatch(of: #/"by":"(o\d)-/#)).output.1
        try #require(children[String(name)]).send(SIGKILL)
        api.release()
        return sent
    }

    @Test("goes on when the one that renews it is killed before it records the answer, if the API grants a grace period") func killed()
        async throws
    {
        try await Self.run(expiresIn: 4, hasGrace: true) { api, children, installation in
            let sent = try await Self.killRenewing(api, children, installation)
            try await Self.reach(sent + 3, api)
            let state = api.state
            let lost = state.renewals[sent - 1]
            #expect(
                state.renewals.filter { $0 == lost }.count == 2, "one other process repeats the renewal that was lost: \(state.renewals)")
            #expect(Set(state.renewals).count == state.renewals.count - 1, "\(state.renewals)")
            #expect(state.refusedRenewals == 0 && state.dead == 0)
        }
    }

    @Test("is reported as lost, with what to do, if the API grants none") func lost() async throws {
        try await Self.run(expiresIn: 4, hasGrace: false) { api, children, installation in
            _ = try await Self.killRenewing(api, children, installation)
            let list = try await eventually(within: Installation.deadline, "the provider is held") {
                let list = try await installation.longhaul("provider", "list", "--json").output
                return list.contains("sign-in-refused") ? list : nil
            }
            #expect(list.contains("if its refresh token has changed and was lost, set a new one"), "\(list)")
            #expect(api.state.dead == 0)
            #expect(try await RoleTests.counts(installation)["FAILED"] == 0, "the jobs wait")
        }
    }
}
