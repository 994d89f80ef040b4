import EventThread
import ExportCore
import Foundation
import HTTPClient
import JobStore
import Lifecycle
import Logging
import ProviderAPI
import Redis
import TestServers
import Testing

@Suite("A session in the store", .needsServers, .serialized, .timeLimit(.minutes(2)))
struct StoredSessionsTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private static let key = Data(repeating: 3, count: 32).base64EncodedString()

    private static func client(
        _ api: TokenAPI, _ process: String, _ sessions: StoredSessions, _ http: HTTPClient, _ thread: EventThread, key: String = key
    ) async throws -> ProviderClient {
        let yaml = """
            provider: p
            baseURL: \(api.server.url)
            auth: { oauth2: { tokenURL: \(api.server.url)/login, clientId: c, clientSecret: s, refreshToken: "{{ .secrets.FIRST }}" } }
            create: { request: POST /x, export: { id: .response.body.id } }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
            files: { request: GET /f, items: .response.body.files }
            """
        return try await ProviderClient.open(
            try ProviderSource(yaml: yaml, file: "p.yaml"), http: http, on: thread, secrets: .environment(["FIRST": "f1rst-token"]),
            sessions: SessionSharing(process: process, store: sessions, seal: try SessionSeal(keys: key)))
    }

    private static func run(_ body: (LifecycleFixture, StoredSessions, HTTPClient, EventThread) async throws -> Void) async throws {
        try await LifecycleFixture.run { fixture in
            let thread = EventThread(name: "sessions-test")
            let http = HTTPClient(HTTPClientConfiguration(egress: .all), on: thread, logger: logger)
            let sessions = StoredSessions()
            sessions.use(fixture.store)
            try await body(fixture, sessions, http, thread)
            await http.shutdown(within: .zero)
            thread.stop()
        }
    }

    @Test("is obtained by one of eight processes, used by all, and not there in clear") func shared() async throws {
        let api = try TokenAPI()
        defer { api.server.stop() }
        let job = JobContext(JobRequest(id: try #require(JobID("j")), provider: "p"))
        try await Self.run { fixture, sessions, http, thread in
            var clients: [ProviderClient] = []
            for process in 0..<8 { clients.append(try await Self.client(api, "\(process)", sessions, http, thread)) }
            for round in 1...3 {
                let outcomes = await withTaskGroup(of: CheckOutcome.self) { group in
                    for client in clients { group.addTask { await client.check(job, exportHandle: #"{"id":"1"}"#) } }
                    return await group.reduce(into: [CheckOutcome]()) { $0.append($1) }
                }
                #expect(outcomes == Array(repeating: .running(progress: nil, retryAfter: nil), count: 8))
                #expect(api.seen.logins.count == round, "each refresh token is used once")
                // Each process learns of the end by an answer of its own, and all of them renew it together.
                api.endToken()
            }
            #expect(api.seen.logins.last?.contains("refresh_token=r3fresh-2") == true)
            let stored = try await fixture.redis.send(["HGET", "{lh:p:p}:session", "value"]).text ?? ""
            #expect(stored.contains("sealed") && !stored.contains("r3fresh") && !stored.contains("t0ken"), "\(stored)")
        }
    }

    @Test("is renewed by another process when the one that did it died before it stored the answer") func died() async throws {
        let api = try TokenAPI()
        defer { api.server.stop() }
        let job = JobContext(JobRequest(id: try #require(JobID("j")), provider: "p"))
        try await Self.run { fixture, sessions, http, thread in
            let (known, version, now) = try await sessions.read("p")
            var record = known
            record.renewing = .init(by: "dead", until: now + 500)
            #expect(try await sessions.write(record, of: "p", read: version))
            let client = try await Self.client(api, "alive", sessions, http, thread)
            #expect(await client.create(job) == .created(exportHandle: #"{"id":"1"}"#))
            #expect(api.seen.logins.count == 1)
            #expect(try await sessions.read("p").now >= now + 500)
        }
    }

    @Test("can be changed by a user who may touch health and session alone, as a worker's") func permissions() async throws {
        try await Self.run { fixture, _, _, thread in
            let user = "worker-\(UInt32.random(in: 0 ... .max))"
            _ = try await fixture.redis.send(
                ["ACL", "SETUSER", .string(user), "on", ">pw", "~{lh:p:*}:health", "~{lh:p:*}:session", "+@all"])
            var configuration = try RedisConfiguration(url: SharedServers.redisURL)
            (configuration.username, configuration.password, configuration.database) = (user, "pw", fixture.database)
            let redis = Redis(configuration, on: thread, logger: Self.logger)
            try await redis.connect()
            let store = JobStore(redis: redis, claims: redis, partitions: 1, on: thread)
            #expect(try await store.setSession("x", of: "p", read: 0))
            #expect(try await store.setHealth(ProviderHealth(), of: "p", read: 0))
            #expect(try await fixture.store.session(of: "p").value == "x")
            await redis.shutdown()
            _ = try await fixture.redis.send(["ACL", "DELUSER", .string(user)])
        }
    }

    @Test("that another key encrypted is an error that names the setting, until that key is given too") func otherKey() async throws {
        let api = try TokenAPI()
        defer { api.server.stop() }
        let job = JobContext(JobRequest(id: try #require(JobID("j")), provider: "p"))
        let other = Data(repeating: 4, count: 32).base64EncodedString()
        try await Self.run { _, sessions, http, thread in
            _ = await (try await Self.client(api, "a", sessions, http, thread)).create(job)
            let failed = await (try await Self.client(api, "b", sessions, http, thread, key: other)).create(job)
            guard case .failed(let failure) = failed else { throw FixtureError("a session was read with another key") }
            #expect(failure.message.contains("LONGHAUL_SECRETS_KEY"), "\(failure.message)")
            let both = await (try await Self.client(api, "c", sessions, http, thread, key: "\(other),\(Self.key)")).create(job)
            #expect(both == .created(exportHandle: #"{"id":"1"}"#) && api.seen.logins.count == 1)
        }
    }

    private struct FixtureError: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }
}
