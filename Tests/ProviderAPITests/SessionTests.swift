import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("Signing in", .timeLimit(.minutes(2)))
struct SessionTests {
    private static let key = Data(repeating: 7, count: 32).base64EncodedString()
    private static let handle = #"{"id":"1"}"#

    private static let session = """
        auth:
          session:
            request: POST BASE/login
            json: { token: "{{ .secrets.PERSONAL }}" }
            values: { token: .response.body.access_token }
            expires: .response.body.expires_in
            send: { header: { X-Session: "session {{ .session.token }}" } }
        """

    private static let refresh = """
        auth:
          oauth2:
            tokenURL: BASE/login
            clientId: "{{ .secrets.ID }}"
            clientSecret: "{{ .secrets.SECRET }}"
            refreshToken: "{{ .secrets.REFRESH }}"
            parameters: { audience: exports }
        """

    private static func yaml(_ auth: String, _ api: TokenAPI) -> String {
        (auth + "\n" + """
            provider: p
            baseURL: BASE
            create: { request: POST /x, export: { id: .response.body.id } }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
            files: { request: GET /f, items: .response.body.files }
            """).replacing("BASE", with: api.server.url)
    }

    private static func client(
        _ auth: String, _ api: TokenAPI, process: String = "a", store: any SessionStore = MemorySessionStore(),
        first: String = "r3fresh-0"
    ) async throws -> ProviderClient {
        let secrets = ["PERSONAL": "p3rsonal", "ID": "cl1ent", "SECRET": "s3cret", "REFRESH": first]
        return try await ProviderClient.open(
            try ProviderSource(yaml: yaml(auth, api), file: "p.yaml"), http: TestProvider.http, on: TestProvider.thread,
            secrets: .environment(secrets), sessions: SessionSharing(process: process, store: store, seal: try SessionSeal(keys: key)))
    }

    private static func job() throws -> JobContext { JobContext(JobRequest(id: try #require(JobID("j")), provider: "p")) }

    @Test("happens once for many requests of all kinds") func once() async throws {
        let api = try TokenAPI()
        let client = try await Self.client(Self.session, api), job = try Self.job()
        #expect(await client.create(job) == .created(exportHandle: Self.handle))
        for _ in 0..<5 { #expect(await client.check(job, exportHandle: Self.handle) == .running(progress: nil, retryAfter: nil)) }
        let stream = try await client.download(DownloadTarget(url: api.server.url + "/file"), job, exportHandle: Self.handle)
        #expect(stream.status == 200)
        #expect(api.seen.logins == [#"{"token":"p3rsonal"}"#] && api.seen.refused == 0)
    }

    @Test("happens again after a 401, and the request is sent once more", arguments: ["create", "check", "download"])
    func refused(step: String) async throws {
        let api = try TokenAPI()
        let client = try await Self.client(Self.session, api), job = try Self.job()
        _ = await client.create(job)
        api.endToken()
        switch step {
        case "create": #expect(await client.create(job) == .created(exportHandle: Self.handle))
        case "check": #expect(await client.check(job, exportHandle: Self.handle) == .running(progress: nil, retryAfter: nil))
        default: _ = try await client.download(DownloadTarget(url: api.server.url + "/file"), job, exportHandle: Self.handle)
        }
        #expect(api.seen.logins.count == 2 && api.seen.refused == 1)
    }

    @Test("that does not help is a refusal like any other") func useless() async throws {
        let api = try TokenAPI(login: { _, _ in .json(#"{"access_token":"t0ken-99","expires_in":60}"#) })
        let client = try await Self.client(Self.session, api), job = try Self.job()
        guard case .failure(let failure) = await client.check(job, exportHandle: Self.handle) else { throw Unexpected("success") }
        #expect(failure.code == "http-401" && failure.failureClass == .unauthorised)
        #expect(api.seen.logins.count == 2 && api.seen.requests == 2, "once more, not for ever")
    }

    @Test("that is refused concerns the provider, says what to do, and shows no secret") func signInRefused() async throws {
        let api = try TokenAPI(login: { request, _ in
            .json("{\"error\":\"invalid_grant\",\"sent\":\"\(request.body.replacing("\"", with: "'"))\"}", status: 400)
        })
        let client = try await Self.client(Self.refresh, api)
        guard case .failed(let failure) = await client.create(try Self.job()) else { throw Unexpected("success") }
        #expect(failure.code == "sign-in-refused" && failure.failureClass == .unauthorised && failure.concernsProvider)
        #expect(failure.message.contains("if its refresh token has changed and was lost, set a new one"), "\(failure.message)")
        #expect(failure.message.contains("invalid_grant") && !failure.message.contains("r3fresh-0"), "\(failure.message)")
        #expect(api.seen.requests == 0)
    }

    @Test("keeps what it returned out of messages") func hidden() async throws {
        let api = try TokenAPI()
        let client = try await Self.client(Self.session, api)
        _ = await client.create(try Self.job())
        #expect(client.excerpt(of: Array("your token t0ken-1 is bad".utf8)) == "your token *** is bad")
    }

    @Test("is not asked for by a status request that has its own auth, whatever it is answered") func ownAuth() async throws {
        let api = try TokenAPI()
        let yaml = Self.yaml(Self.session, api).replacing("status: { request:", with: "status: { auth: false, request:")
        let client = try await ProviderClient.open(
            try ProviderSource(yaml: yaml, file: "p.yaml"), http: TestProvider.http, on: TestProvider.thread,
            secrets: .environment(["PERSONAL": "p3rsonal"]))
        _ = await client.create(try Self.job())
        guard case .failure(let failure) = await client.check(try Self.job(), exportHandle: Self.handle) else {
            throw Unexpected("success")
        }
        #expect(failure.code == "http-401" && api.seen.requests == 2 && api.seen.logins.count == 1)
    }

    @Test("by another process hides what that one obtained, before it is sent") func hiddenBeforeUse() async throws {
        let api = try TokenAPI(login: { request, n in
            n == 1 ? nil : .json("{\"sent\":\"\(request.body.split(separator: "&")[1])\"}", status: 400)
        })
        let store = MemorySessionStore(), job = try Self.job()
        _ = await (try await Self.client(Self.refresh, api, store: store)).create(job)
        api.endToken()
        let second = try await Self.client(Self.refresh, api, process: "b", store: store)
        guard case .failed(let failure) = await second.create(job) else { throw Unexpected("success") }
        #expect(failure.message.contains("refresh_token=***") && !failure.message.contains("r3fresh-1"), "\(failure.message)")
        #expect(!failure.mayHaveRun)
    }

    @Test("hides values at any depth") func nested() async throws {
        let api = try TokenAPI()
        let auth = Self.session.replacing("token: .response.body.access_token", with: "login: .response.body").replacing(
            ".session.token", with: ".session.login.access_token")
        let client = try await Self.client(auth, api)
        #expect(await client.create(try Self.job()) == .created(exportHandle: Self.handle))
        #expect(client.excerpt(of: Array("t0ken-1 and r3fresh-1".utf8)) == "*** and ***")
    }

    @Test("that a store does not take is offered again until it does: a token that was used up must not be lost") func outage() async throws
    {
        let api = try TokenAPI(), store = FailingStore(), job = try Self.job()
        let client = try await Self.client(Self.refresh, api, store: store)
        await store.fail(3)
        #expect(await client.create(job) == .created(exportHandle: Self.handle))
        #expect(api.seen.logins.count == 1)
        #expect(await store.records.read("p").record.sealed != nil)
    }

    @Test("begins again when the record was deleted") func deleted() async throws {
        let api = try TokenAPI(), store = MemorySessionStore(), job = try Self.job()
        let client = try await Self.client(Self.session, api, store: store)
        _ = await client.create(job)
        // What a key that was deleted reads as.
        #expect(await store.write(SessionRecord(), of: "p", read: await store.read("p").version))
        api.endToken()
        #expect(await client.create(job) == .created(exportHandle: Self.handle))
        #expect(api.seen.logins.count == 2)
    }

    @Test("with client credentials sends them as RFC 6749 says", arguments: ["basic", "body"]) func clientCredentials(form: String)
        async throws
    {
        let api = try TokenAPI()
        let auth = """
            auth: { oauth2: { tokenURL: BASE/login, clientId: cl1ent, clientSecret: "{{ .secrets.SECRET }}", client: \(form), scope: "a b" } }
            """
        let client = try await Self.client(auth, api)
        #expect(await client.create(try Self.job()) == .created(exportHandle: Self.handle))
        let login = try #require(api.server.requests.first)
        let fields = form == "basic" ? "" : "&client_id=cl1ent&client_secret=s3cret"
        #expect(login.body == "grant_type=client_credentials&scope=a%20b" + fields)
        #expect(login.headers["authorization"] == (form == "basic" ? "Basic " + Data("cl1ent:s3cret".utf8).base64EncodedString() : nil))
        #expect(!client.needsSharedSession)
    }

    @Test("with a refresh token uses the one that the last answer brought") func rotated() async throws {
        let api = try TokenAPI(), store = MemorySessionStore()
        let first = try await Self.client(Self.refresh, api, store: store), job = try Self.job()
        _ = await first.create(job)
        api.endToken()
        // Another process knows only the store.
        let second = try await Self.client(Self.refresh, api, process: "b", store: store)
        #expect(await second.create(job) == .created(exportHandle: Self.handle))
        let sent = api.seen.logins.map { $0.split(separator: "&")[1] }
        #expect(sent == ["refresh_token=r3fresh-0", "refresh_token=r3fresh-1"])
        #expect(second.needsSharedSession)
        let record = await store.read("p").record
        let json = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        #expect(!json.contains("r3fresh") && !json.contains("t0ken"), "nothing is stored in clear")
    }

    @Test("begins again with a first token that was replaced, after the chain was lost") func newFirst() async throws {
        let api = try TokenAPI(login: { request, _ in request.body.contains("r3fresh-1") ? .json("{}", status: 400) : nil })
        let store = MemorySessionStore(), job = try Self.job()
        let first = try await Self.client(Self.refresh, api, store: store)
        _ = await first.create(job)
        api.endToken()
        guard case .failed(let failure) = await first.create(job) else { throw Unexpected("success") }
        #expect(failure.code == "sign-in-refused")
        let second = try await Self.client(Self.refresh, api, process: "b", store: store, first: "r3fresh-new")
        #expect(await second.create(job) == .created(exportHandle: Self.handle))
        #expect(api.seen.logins.last?.contains("refresh_token=r3fresh-new") == true)
    }

    @Test("is done by one of eight processes, when they start and when the session ends, and none sends a dead token") func eight()
        async throws
    {
        let api = try TokenAPI(expiresIn: 5), store = MemorySessionStore(), job = try Self.job()
        var clients: [ProviderClient] = []
        for process in 0..<8 { clients.append(try await Self.client(Self.session, api, process: "\(process)", store: store)) }
        let begun = ContinuousClock.now
        try await eventually(within: .seconds(30), "three sign-ins") {
            await withTaskGroup(of: Void.self) { group in
                for client in clients { group.addTask { _ = await client.check(job, exportHandle: Self.handle) } }
            }
            return api.seen.logins.count >= 3
        }
        #expect(api.seen.refused == 0, "of \(api.seen.requests)")
        // A session of five seconds is renewed after 3.75 at the earliest.
        #expect(ContinuousClock.now - begun >= .seconds(7))
    }

    @Test("is taken over from a process that died while it did it") func takenOver() async throws {
        let api = try TokenAPI(), store = MemorySessionStore()
        let (known, version, now) = await store.read("p")
        var record = known
        record.renewing = .init(by: "dead", until: now + 300)
        #expect(await store.write(record, of: "p", read: version))
        let client = try await Self.client(Self.session, api, store: store)
        #expect(await client.create(try Self.job()) == .created(exportHandle: Self.handle))
        #expect(await store.read("p").now >= now + 300)
        #expect(api.seen.logins.count == 1)
    }

    @Test("is checked when the file is loaded") func problems() async throws {
        let api = try TokenAPI()
        for (part, other, expected) in [
            ("values: { token: .response.body.access_token }", "", "auth.session.values: missing"),
            (".secrets.PERSONAL", ".job.id", "auth.session.json.token: .job is not available here"),
            ("send: { header:", "send: { oauth2:", "auth.session.send.oauth2: unknown key"),
            ("expires:", "expire:", "auth.session.expire: unknown key"),
        ] {
            let yaml = Self.yaml(Self.session.replacing(part, with: other), api)
            let problems = await TestProvider.problems(yaml).map { "\($0.field): \($0.message)" }
            #expect(problems.contains { $0.hasPrefix(expected) }, "\(problems)")
        }
        let create = Self.yaml("", api).replacing("/x/{{ .export.id }}", with: "/x/{{ .session.id }}")
        #expect(await TestProvider.problems(create).contains { $0.message == ".session is not available here" })
    }
}

@Suite("The encryption of sessions")
struct SessionSealTests {
    private static func key(_ byte: UInt8) -> String { Data(repeating: byte, count: 32).base64EncodedString() }

    @Test("is refused keys that are none", arguments: ["", "x", "YWJj", ","]) func keys(text: String) {
        #expect(throws: SessionSealError.self) { try SessionSeal(keys: text) }
    }
}

/// A store that does not answer for a while after a sign-in has begun.
private actor FailingStore: SessionStore {
    let records = MemorySessionStore()
    private var failures = 0
    private var hasBegun = false

    struct Outage: Error {}

    /// So many calls after the first write fail.
    func fail(_ count: Int) { failures = count }

    func read(_ provider: String) async throws -> (record: SessionRecord, version: Int64, now: Int64) {
        try check()
        return await records.read(provider)
    }

    func write(_ record: SessionRecord, of provider: String, read version: Int64) async throws -> Bool {
        try check()
        hasBegun = true
        return await records.write(record, of: provider, read: version)
    }

    private func check() throws {
        guard hasBegun, failures > 0 else { return }
        failures -= 1
        throw Outage()
    }
}
