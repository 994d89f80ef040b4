import ExportCore
import ProviderAPI
import Testing

@Suite("Redirects and references in headers")
struct RedirectTests {
    static func yaml(create: String = "", status: String = "", state: String = ".response.body.s", more: String = "") -> String {
        """
        provider: p
        baseURL: BASE/api
        auth: { bearer: token }
        create: { request: POST /x, json: { a: 1 }, export: { id: '.response.headers.location // .request.url' }\(create) }
        status: { request: "GET /x", state: \(state), states: { running: [RUN, 303], ready: DONE }, export: { url: .request.url }\(status) }
        files: { request: GET /f, items: .response.body.files }
        \(more)
        """
    }

    func provider(_ yaml: String, redirect status: Int) async throws -> TestProvider {
        try await TestProvider(yaml) { request in
            request.target == "/api/x"
                ? .text("moved", status: status, headers: ["Location": "../new?sig=s3cret"]) : .json(#"{"s":"DONE"}"#)
        }
    }

    static let words = Self.yaml().replacing("[RUN, 303]", with: "RUN")

    @Test("a GET follows redirects, and its URL is the last one", arguments: [301, 302, 303, 307, 308])
    func get(status: Int) async throws {
        let provider = try await provider(Self.words, redirect: status)
        let url = "{\"url\":\"\(provider.server.url)/new?sig=s3cret\"}"
        #expect(await provider.client.check(provider.job, exportHandle: "{}") == .ready(exportHandle: url, page: nil))
        #expect(provider.server.lines == ["GET /api/x", "GET /new?sig=s3cret"])
        #expect(provider.server.requests.last?.headers["authorization"] == "Bearer token")
    }

    @Test(
        "a POST follows only redirects that repeat it; another is a failure that says where it leads", arguments: [301, 302, 303, 307, 308])
    func post(status: Int) async throws {
        let provider = try await provider(Self.words, redirect: status)
        let outcome = await provider.client.create(provider.job)
        guard status < 304 else {
            #expect(outcome == .created(exportHandle: "{\"id\":\"\(provider.server.url)/new?sig=s3cret\"}"))
            return #expect(provider.server.requests.map(\.body) == [#"{"a":1}"#, #"{"a":1}"#])
        }
        guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(
            failure.message.hasPrefix("create at \(provider.server.url)/api/x answered \(status) and leads to \(provider.server.url)/new"))
        #expect(!failure.message.contains("s3cret"))
    }

    @Test("a 3xx that the file reads, or is told not to follow, is an answer")
    func never() async throws {
        let seeOther = try await provider(Self.yaml(state: ".response.status"), redirect: 303)
        #expect(await seeOther.client.check(seeOther.job, exportHandle: "{}") == .running(progress: nil, retryAfter: nil))
        let rule = ", errors: [{ when: .response.status == 302, class: notYet }]"
        let ruled = try await provider(
            Self.words.replacing("export: { url: .request.url }", with: "export: { url: .request.url }\(rule)"), redirect: 302)
        #expect(await ruled.client.check(ruled.job, exportHandle: "{}") == .running(progress: nil, retryAfter: nil))
        for yaml in [
            Self.words + "redirects: never", Self.words.replacing("request: \"GET /x\"", with: "request: \"GET /x\", redirects: never"),
        ] {
            let refused = try await provider(yaml, redirect: 302)
            guard case .failure(let failure) = await refused.client.check(refused.job, exportHandle: "{}") else { throw Unexpected(yaml) }
            #expect(failure.code == "http-302" && refused.server.lines.count == 1)
        }
    }

    @Test(
        "references in headers are absolute for filters",
        arguments: [
            ("Location", "jobs/7", "/api/jobs/7"), ("Location", "/jobs/7", "/jobs/7"), ("Location", "../a/./b/../7?x=../y", "/a/7?x=../y"),
            ("Content-Location", "?job=7", "/api/x?job=7"), ("Location", "./", "/api/"),
        ])
    func references(name: String, value: String, path: String) async throws {
        let yaml = Self.yaml(create: ", redirects: never").replacing(
            ".response.headers.location", with: ".response.headers[\"\(name.lowercased())\"]")
        let provider = try await TestProvider(yaml) { _ in .text("", status: 202, headers: [name: value]) }
        #expect(await provider.client.create(provider.job) == .created(exportHandle: "{\"id\":\"\(provider.server.url)\(path)\"}"))
    }

    @Test("the targets of Link are absolute, and what is no web URL stays as it is")
    func links() async throws {
        let yaml = Self.yaml().replacing(".response.headers.location // .request.url", with: ".response.headers.link")
        let provider = try await TestProvider(yaml) { _ in
            .text("", status: 202, headers: ["Link": "<?page=2>; rel=\"next\", <mailto:a@b>; rel=x, </last>; rel=last"])
        }
        let base = provider.server.url
        let links = "<\(base)/api/x?page=2>; rel=\\\"next\\\", <mailto:a@b>; rel=x, <\(base)/last>; rel=last"
        #expect(await provider.client.create(provider.job) == .created(exportHandle: "{\"id\":\"\(links)\"}"))
    }
}
