import ProviderAPI
import Testing

@Suite("Checks at the load of a provider file")
struct LoadCheckTests {
    /// The problems of the smallest file with a part replaced.
    func problems(_ part: String, _ other: String) async -> [String] {
        let yaml = ProviderFileTests.least.replacing(part, with: other)
        #expect(yaml != ProviderFileTests.least, "\(part) is not in the file")
        return await TestProvider.problems(yaml).map { "\($0.field): \($0.message); \($0.fix)" }
    }

    static let post = "request: POST /exports,"

    @Test(
        "a path that reads nothing is reported",
        arguments: [
            (".response.body.id", ".exprot.id", "create.export.id: .exprot is no part of the context; did you mean .export?"),
            (".response.body.id", ".body.id", "create.export.id: .body is no part of the context; did you mean .response.body?"),
            (
                ".response.body.id", "'.response.body.id // .bdoy.x'",
                ".bdoy is no part of the context; the parts are .assertion, .callback, .export"
            ),
            (".response.body.id", ".response.bdy.id", "create.export.id: .response has no bdy; did you mean .response.body?"),
            (".response.body.id", ".request.headers", "create.export.id: .request has no headers; it has url"),
            ("{{ .export.id }}", "{{ .export.ids }}", "status.request: nothing stores .export.ids; did you mean .export.id?"),
            ("{{ .export.id }}", "{{ .job.ID }}", "status.request: .job has no ID; did you mean .job.id?"),
            (
                "/exports/{{ .export.id }}", "/exports/{{ .response.body.id }}",
                "status.request: .response is not available here; this place has"
            ),
            (post, "request: \"POST /exports/{{ .export.id }}\",", "create.request: .export is not available here"),
            (".response.body.files", "'[.files[] | {url}]'", "files.items: .files is no part of the context"),
            (
                ".response.body.id", ".response.headers.Location",
                "create.export.id: the names of headers are in lower case: Location is never there; write .response.headers[\"location\"]"
            ),
            (".response.body.id", "'.response.headers[\"X-Id\"]'", "X-Id is never there; write .response.headers[\"x-id\"]"),
            (".response.body.id", "'.response.headers.[\"X-Id\"]'", "X-Id is never there"),
        ])
    func paths(part: String, other: String, problem: String) async {
        let found = await problems(part, other)
        #expect(found.count == 1 && found[0].contains(problem), "\(found)")
    }

    @Test(
        "a path that may read something else is not",
        arguments: [
            ".response.body | .id", ".response.body as $b | .x", "[.response.body[] | .a.b] | .[0].c", "def f: .x; f",
            ".response.body.files[.parameters.i].x",
            "\"\\(.response.body | .a) .b\"", "{a: .response.body.a, b: .x}", ".response.body | (.a // .b) + .c",
            "first(.response.body[] | .x) // .parameters.y",
            "if .response.status == 200 then .response.body.a else .parameters.b end", "reduce .response.body[] as $x (0; . + .y)", "..",
            ".[\"x\"]",
            ".response.headers[\"x\"]?.y", "# .nothing\n.response.body.x", "try error(.x) catch .y", "1.5 * .response.body.n",
            ".response.body.callbacks", ".response.body.headers.X", ".response.headers[\"x\" + \"Y\"]", ".response.headers[\"x-id\"].X",
        ])
    func uncertain(filter: String) async {
        let quoted = "'" + filter.replacing("'", with: "''").replacing("\n", with: "\n\n  ") + "'"
        #expect(await problems("id: .response.body.id", "id: \(quoted)") == [])
    }

    @Test("names that find, adopt and status.export store can be read")
    func stored() async {
        let other = "adopt: { when: .response.status == 409, export: { old: .response.body.x } }, export: { id: .response.body.id"
        #expect(await problems("export: { id: .response.body.id", other).isEmpty)
        let yaml = ProviderFileTests.least.replacing("{{ .export.id }}", with: "{{ .export.old // .export.id }}").replacing(
            "export: { id: .response.body.id", with: other)
        #expect(await TestProvider.problems(yaml) == [])
    }

    @Test(
        "a header that cannot be sent, or would be sent twice, is reported",
        arguments: [
            ("headers: { \"X Y\": a }", "create.headers.X Y: \"X Y\" is not the name of a header"),
            ("headers: { Content-Length: 3 }", "create.headers.Content-Length: the HTTP client sets this header; remove it"),
            ("headers: { Transfer-Encoding: a }", "the HTTP client sets this header"),
            ("headers: { X-A: a, x-a: b }", "create.headers.x-a: another header has this name in other letters; remove one"),
            ("headers: { X-A: \"a\\nb\" }", "create.headers.X-A: a line break or control character"),
            ("headers: { X-A: $TOKEN }", "create.headers.X-A: \"$TOKEN\" is sent as it is; write \"{{ .secrets.TOKEN }}\""),
            ("form: { a: \"${API_KEY}\" }", "create.form.a: \"${API_KEY}\" is sent as it is; write \"{{ .secrets.API_KEY }}\""),
            ("query: { a: $KEY }", "which reads the environment variable KEY, or '{{ \"$KEY\" }}' to send this text"),
            ("json: { a: {{ .job.id }} }", "create.json.a: an unquoted {{ … }}, which YAML reads as a mapping; quote the template"),
            (
                "headers: { X-A: {{ .job.id }} }",
                "create.headers.X-A: an unquoted {{ … }}, which YAML reads as a mapping; quote the template"
            ),
        ])
    func headers(line: String, problem: String) async {
        let found = await problems(Self.post, "\(Self.post) \(line),")
        #expect(found.count == 1 && found[0].contains(problem), "\(found)")
    }

    @Test(
        "a variable of the shell within a text of auth is reported",
        arguments: [
            ("header: { Authorization: Token $API_TOKEN }", "auth.header.Authorization: $API_TOKEN is sent as it is"),
            ("basic: { username: a, password: \"${API_TOKEN}\" }", "auth.basic.password: \"${API_TOKEN}\" is sent as it is"),
            (
                "session: { request: POST /l, json: { a: { b: $API_TOKEN } }, values: { t: .response.body.t }, send: { bearer: x } }",
                "auth.session.json.a.b: $API_TOKEN is sent as it is"
            ),
        ])
    func variables(auth: String, problem: String) async {
        let found = await TestProvider.problems(ProviderFileTests.least + "\nauth: { \(auth) }").map { "\($0)" }
        #expect(found.count == 1 && found[0].contains(problem) && found[0].contains("{{ .secrets.API_TOKEN }}"), "\(found)")
        let jq = "header: { X-A: \"{{ \\\"a\\\" as $ABC | $ABC }}\", X-B: 5$ABC }"
        #expect(await TestProvider.problems(ProviderFileTests.least + "\nauth: { \(jq) }") == [])
    }

    @Test("a parameter that no job can have is reported, and one that is probably a slip is advised against")
    func parameters() async throws {
        func yaml(_ parameters: String, _ use: String) -> String {
            ProviderFileTests.least.replacing(Self.post, with: "\(Self.post) form: { a: \"{{ \(use) }}\" },")
                + "\nparameters: { properties: { project: {}, from: {} }\(parameters) }"
        }
        func found(_ parameters: String, _ use: String) async -> [String] {
            await TestProvider.problems(yaml(parameters, use)).map { "\($0)" }
        }
        let closed = ", additionalProperties: false"
        #expect(await found(closed, ".parameters.project") == [])
        let slip = await found(closed, ".parameters.projekt")
        #expect(slip.count == 1 && slip[0].contains("parameters has no property projekt; did you mean .parameters.project?"), "\(slip)")
        let other = await found(closed, ".parameters.limit // 5")
        #expect(other.count == 1 && other[0].contains("parameters has no property limit; it has project, from"), "\(other)")
        #expect(await found("", ".parameters.limit // 5") == [], "others are allowed")
        #expect(try await TestProvider.advice(yaml("", ".parameters.limit // 5")).filter { $0.message.contains("limit") } == [])
        #expect(try await TestProvider.advice(yaml("", ".parameters.projekt // 5")).contains { $0.message.contains("projekt") })
    }

    @Test("a grant that only login uses is reported")
    func grant() async {
        let auth = "oauth2: { tokenURL: https://a.example/t, clientId: a, clientSecret: b, grant: authorization_code }"
        let found = await TestProvider.problems(ProviderFileTests.least + "\nauth: { \(auth) }").map { "\($0)" }
        #expect(found.contains { $0.contains("auth.oauth2.grant: unknown value \"authorization_code\"") }, "\(found)")
    }

    @Test("a comma that ends an unquoted description is found where it is")
    func comma() async {
        let yaml = ProviderFileTests.least + "\nparameters:\n  properties:\n    a: { description: only this, or that }\n"
        let found = await TestProvider.problems(yaml)
        #expect(found.first?.fix.contains("quote the text before it") ?? false)
        #expect(found.first?.line == yaml.split(separator: "\n", omittingEmptySubsequences: false).count - 1)
    }

    @Test("a header that auth sends too is reported, in downloads as well")
    func auth() async {
        for auth in ["{ bearer: t }", "{ header: { AUTHORIZATION: t } }", "{ basic: { username: a, password: b } }"] {
            let yaml =
                ProviderFileTests.least.replacing(Self.post, with: "\(Self.post) headers: { authorization: x },")
                + "\nauth: \(auth)\ndownload: { headers: { Authorization: y } }"
            let problems = await TestProvider.problems(yaml)
            #expect(problems.map(\.field) == ["create.headers.authorization", "download.headers.Authorization"])
            #expect(problems.allSatisfy { $0.message == "auth sends this header too" })
        }
        let own = ProviderFileTests.least + "\nauth: { bearer: t }\ndownload: { auth: false, headers: { Authorization: y } }"
        #expect(await TestProvider.problems(own) == [])
        let taken = await TestProvider.problems(ProviderFileTests.least + "\nauth:\n  bearer: ${TOKEN}")
        #expect(taken.map(\.field) == ["auth.bearer"])
    }

    @Test("a value that only looks like a variable can be sent, and so can another host")
    func variables() async {
        for line in ["json: { currency: \"$USD\" }", "headers: { Host: reports.example.com }", "query: { a: '{{ \"$KEY\" }}' }"] {
            #expect(await problems(Self.post, "\(Self.post) \(line),") == [])
        }
    }

    @Test("auth and baseURL may read what the create stores, which is null before")
    func exportInAuth() async throws {
        let yaml = """
            provider: p
            baseURL: BASE/{{ .export.shard // "start" }}
            auth: { bearer: '{{ .export.token // "first" }}' }
            create: { request: POST /x, export: { shard: .response.body.shard, token: .response.body.token } }
            status: { request: "GET /x", state: .response.body.s, states: { ready: DONE } }
            files: { request: GET /f, items: .response.body.files }
            """
        let provider = try await TestProvider(yaml) { _ in .json(#"{"s":"DONE","shard":"s7","token":"second"}"#) }
        let (client, job) = (provider.client, provider.job)
        guard case .created(let handle) = await client.create(job) else { throw Unexpected(yaml) }
        #expect(await client.check(job, exportHandle: handle) == .ready(exportHandle: nil, page: nil))
        #expect(provider.server.lines == ["POST /start/x", "GET /s7/x"])
        #expect(provider.server.requests.map { $0.headers["authorization"] } == ["Bearer first", "Bearer second"])
        let wrong = yaml.replacing("BASE", with: "http://x").replacing(".export.token", with: ".export.tokne")
        let problems = await TestProvider.problems(wrong)
        #expect(problems.map(\.field) == ["auth.bearer"])
    }

    @Test("a template that breaks the YAML is recognised")
    func brokenYAML() async {
        let yaml = ProviderFileTests.least.replacing(Self.post, with: "request: POST /x/{{ .job.id }},")
        #expect(await TestProvider.problems(yaml).first?.fix == "quote the text that holds {{ … }}")
    }

    @Test("a create can be declared safe to repeat")
    func idempotent() async throws {
        let yaml = ProviderFileTests.least.replacing(Self.post, with: "request: PUT /exports, idempotent: true,")
        let client = try await TestProvider.open(yaml, secrets: .environment([:]))
        #expect(client.definition.createSafety == [.declared])
        let rules = try await TestProvider.open(yaml + "\nretry: { maxThrottled: 2h }", secrets: .environment([:])).definition.retry
        #expect(rules.maxThrottled == .seconds(7200))
    }
}
