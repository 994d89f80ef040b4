import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("Credentials")
struct CredentialsTests {
    private static let yaml = """
        provider: p
        baseURL: BASE
        auth: { query: { api_key: "{{ .secrets.KEY }}" } }
        create: { request: POST /x?a=1, export: { id: .response.body.id } }
        status: { request: "GET /x/{{ .export.id }}", ready: download }
        cancel: { request: "DELETE /x/{{ .export.id }}", auth: { bearer: "{{ .secrets.TOKEN }}" } }
        find: { request: GET /find, auth: false, export: { id: .response.body.id } }
        """

    private static func provider(_ answer: @escaping @Sendable (StubRequest) -> StubResponse) async throws -> TestProvider {
        try await TestProvider(yaml, secrets: ["KEY": "k&y", "TOKEN": "t0ken-1"], answer)
    }

    @Test("in the query go with each request to the provider, and stay out of what is stored and shown") func query() async throws {
        let provider = try await Self.provider { request in
            request.target.hasPrefix("/moved")
                ? .text("x", status: 500) : .json(#"{"id":"1"}"#, status: request.method == "GET" ? 200 : 201)
        }
        let (client, job) = (provider.client, provider.job)
        #expect(await client.create(job) == .created(exportHandle: #"{"id":"1"}"#))
        #expect(provider.server.requests.last?.target == "/x?a=1&api_key=k%26y")
        guard case .ready(_, let page) = await client.check(job, exportHandle: #"{"id":"1"}"#) else { throw Unexpected("no page") }
        #expect(provider.server.requests.last?.target == "/x/1?api_key=k%26y")
        let url = try #require(page?.files.first?.url)
        #expect(url == provider.server.url + "/x/1")
        _ = try await client.download(DownloadTarget(url: url), job, exportHandle: "{}")
        #expect(provider.server.requests.last?.target == "/x/1?api_key=k%26y")
        let failure = await #expect(throws: Failure.self) {
            try await client.download(DownloadTarget(url: provider.server.url + "/moved"), job, exportHandle: "{}")
        }
        #expect(failure?.message.contains("k%26y") == false && failure?.answer?.request.contains("api_key") == false)
    }

    @Test("in the query are left out of links that repeat them") func repeated() async throws {
        let yaml =
            Self.yaml.replacing("ready: download }", with: "state: .response.body.s, states: { running: RUN, ready: DONE } }")
            + "\nfiles: { request: GET /f, items: '.response.body.files[]', next: .response.body.next }"
        let provider = try await TestProvider(yaml, secrets: ["KEY": "k&y", "TOKEN": "t"]) { _ in
            .json(
                ##"{"files":[{"url":"/a.csv?api_key=old&v=1#x"},{"url":"https://store.example/b?api_key=its-own"}],"next":"/f?page=2&api_key=k%26y"}"##
            )
        }
        guard case .page(let files, let next) = await provider.client.files(provider.job, exportHandle: "{}") else {
            throw Unexpected("no page")
        }
        #expect(files.map(\.url) == [provider.server.url + "/a.csv?v=1#x", "https://store.example/b?api_key=its-own"])
        #expect(next?.contains("api_key") == false)
        _ = await provider.client.files(provider.job, exportHandle: "{}", page: next)
        #expect(provider.server.requests.last?.target == "/f?page=2&api_key=k%26y")
    }

    @Test("of one request replace those of the provider, or are none") func ofOneRequest() async throws {
        let provider = try await Self.provider { _ in .json(#"{"id":"1"}"#) }
        _ = await provider.client.cancel(provider.job, exportHandle: #"{"id":"1"}"#)
        #expect(provider.server.requests.last?.target == "/x/1")
        #expect(provider.server.requests.last?.headers["authorization"] == "Bearer t0ken-1")
        _ = await provider.client.find(provider.job)
        #expect(provider.server.requests.last?.target == "/find")
        #expect(provider.server.requests.last?.headers["authorization"] == nil)
    }
}
