import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("The answer that makes an export ready")
struct ReadyAnswerTests {
    static let yaml = """
        provider: p
        baseURL: BASE
        create: { request: POST /x, export: { id: .response.body.id } }
        status:
          request: GET /x/{{ .export.id }}
          state: .response.body.s
          states: { running: RUN, ready: DONE }
          export: { name: .response.body.name }
        files:
          items: '.export.name as $name | .response.body.files[] | {name: ($name + .n), url}'
          next: .response.body.next
        """

    func check(_ answer: StubResponse) async throws -> (CheckOutcome, TestProvider) { try await check(Self.yaml, answer) }

    func check(_ yaml: String, _ answer: StubResponse) async throws -> (CheckOutcome, TestProvider) {
        let provider = try await TestProvider(yaml) { _ in answer }
        return (await provider.client.check(provider.job, exportHandle: #"{"id":"7"}"#), provider)
    }

    @Test(
        "lists the files although a name in it is that of a part of the context, but not if a filter reads the job",
        arguments: [
            (".response.body.job.files[] | {name: .jobId, url}", true), (".response.body.jobs[]? // .response.body.job.files[]", true),
            (". as $c | .response.body.job.files[] | {name: ($c.job.id + .jobId), url}", false),
            (".job as $j | .response.body.job.files[] | {name: $j.id, url}", false),
            ("{job, files: .response.body.job.files} | .files[] + {name: .job.id?}", false),
        ])
    func words(items: String, isListed: Bool) async throws {
        let yaml = Self.yaml.replacing("'.export.name as $name | .response.body.files[] | {name: ($name + .n), url}'", with: "'\(items)'")
            .replacing("state: .response.body.s", with: "state: .response.body.job.s").replacing(
                "  export: { name: .response.body.name }\n", with: "")
        let (outcome, _) = try await check(yaml, .json(#"{"job":{"s":"DONE","files":[{"jobId":"1","url":"/f/1"}]}}"#))
        guard case .ready(_, let page) = outcome else { throw Unexpected(outcome) }
        #expect((page != nil) == isListed)
    }

    @Test("lists the files, with the values of the same answer, if files has no request")
    func page() async throws {
        let (outcome, provider) = try await check(.json(#"{"s":"DONE","name":"r-","files":[{"n":"1","url":"/f/1"}],"next":"/x/7?page=2"}"#))
        guard case .ready(let handle?, let page?) = outcome else { throw Unexpected(outcome) }
        #expect(handle.contains(#""name":"r-""#))
        let base = provider.server.url
        #expect(page == ListedPage(files: [ListedFile(name: "r-1", url: base + "/f/1")], next: "{\"url\":\"\(base)/x/7?page=2\"}"))
        #expect(provider.server.lines.count == 1)
    }

    @Test(
        "lists nothing if its list is missing, empty or not complete; the listing asks again",
        arguments: [
            #"{"s":"DONE","name":"r"}"#, #"{"s":"DONE","name":"r","files":[]}"#, #"{"s":"DONE","name":"r","files":[{"n":"1","url":null}]}"#,
        ])
    func noPage(body: String) async throws {
        let (outcome, _) = try await check(.json(body))
        guard case .ready(_?, nil) = outcome else { throw Unexpected(outcome) }
    }

    @Test("is not read for files that have their own request, or that need the job")
    func otherRequest() async throws {
        for files in [
            "files: { request: GET /f, items: .response.body.files }", "files: { items: '{name: .job.id, url: .response.body.u}' }",
        ] {
            let yaml = Self.yaml.split(separator: "files:")[0] + files
            let (outcome, _) = try await check(String(yaml), .json(#"{"s":"DONE","name":"r","u":"/f","files":[{"url":"/f"}]}"#))
            guard case .ready(_?, nil) = outcome else { throw Unexpected(outcome) }
        }
    }

    static let download = """
        provider: pretix
        baseURL: BASE
        create: { request: POST /run, export: { location: .response.body.download } }
        status: { request: "GET {{ .export.location }}", ready: download }
        """

    @Test("may be the file itself, of which only the head is read")
    func file() async throws {
        let big = String(repeating: "x", count: 3_000_000)
        let provider = try await TestProvider(Self.download) { request in
            request.target == "/ready" ? .text(big) : .json(#"{"status":"running"}"#, status: 409, headers: ["Retry-After": "3"])
        }
        let (client, job, base) = (provider.client, provider.job, provider.server.url)
        #expect(await client.check(job, exportHandle: #"{"location":"/wait"}"#) == .running(progress: nil, retryAfter: .seconds(3)))
        let files = [ListedFile(name: "ready", url: base + "/ready", isNamed: false)]
        #expect(
            await client.check(job, exportHandle: #"{"location":"/ready"}"#) == .ready(exportHandle: nil, page: ListedPage(files: files)))
        #expect(await client.files(job, exportHandle: #"{"location":"/ready"}"#) == .page(files: files, next: nil))
        let stream = try await client.download(DownloadTarget(url: files[0].url), job, exportHandle: "{}")
        #expect(try await provider.body(stream).count == big.count)
    }

    @Test("is an answer all the same if it is a failure, or small JSON that a rule knows")
    func noFile() async throws {
        let yaml = Self.download.replacing(
            "ready: download",
            with: "ready: download, errors: [{ when: .response.body.error, class: permanent, code: .response.body.error }]")
        for (status, code, failureClass) in [(200, "bad-report", FailureClass.permanent), (500, "bad-report", .permanent)] {
            let provider = try await TestProvider(yaml) { _ in .json(#"{"error":"bad report"}"#, status: status) }
            let outcome = await provider.client.check(provider.job, exportHandle: #"{"location":"/x"}"#)
            guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
            #expect(failure.code == code && failure.failureClass == failureClass)
        }
        let gone = try await TestProvider(yaml) { _ in .text("no such export", status: 404) }
        let outcome = await gone.client.check(gone.job, exportHandle: #"{"location":"/x"}"#)
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.failureClass == .gone && failure.answer?.start == "no such export")
    }

    @Test("the rule for empty lists is read", arguments: [("none: ok", EmptyListRule.ok), ("none: 5m", .failAfter(.seconds(300)))])
    func none(line: String, rule: EmptyListRule) async throws {
        let provider = try await TestProvider(Self.yaml + "\n  " + line) { _ in .json("{}") }
        #expect(provider.client.definition.emptyList == rule)
        #expect(provider.client.definition.jobRules.nothingListedWait == (rule == .ok ? nil : .seconds(300)))
        #expect(
            await TestProvider.problems(Self.yaml.replacing("BASE", with: "http://x") + "\n  none: never").map(\.field) == ["files.none"])
    }

    @Test("may be a redirect to the file: the file is the URL of the status request", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        for yaml in [Self.download, Self.download.replacing("ready: download", with: "ready: download, redirects: follow")] {
            let provider = try await TestProvider(yaml) { request in
                request.target == "/x" ? .text("", status: status, headers: ["Location": "/store/f.csv?sig=1"]) : .text("data")
            }
            let (client, job, handle) = (provider.client, provider.job, #"{"location":"/x"}"#)
            let files = [ListedFile(name: "x", url: provider.server.url + "/x", isNamed: false)]
            #expect(await client.check(job, exportHandle: handle) == .ready(exportHandle: nil, page: ListedPage(files: files)))
            #expect(await client.files(job, exportHandle: handle) == .page(files: files, next: nil))
            let stream = try await client.download(DownloadTarget(url: files[0].url), job, exportHandle: handle)
            #expect(try await provider.body(stream) == Array("data".utf8))
        }
    }

    @Test("may have the code 202 if the states say so; otherwise 202 lists nothing")
    func accepted() async throws {
        let yaml = Self.yaml.replacing("state: .response.body.s", with: "state: .response.status").replacing(
            "RUN, ready: DONE", with: "200, ready: 202")
        for (yaml, status, isListed) in [(yaml, 202, true), (Self.yaml, 202, true), (yaml, 200, true)] {
            let body = #"{"s":"DONE","name":"r","files":[{"n":"1","url":"/f"}]}"#
            let provider = try await TestProvider(yaml) { _ in .json(body, status: status) }
            let outcome = await provider.client.files(provider.job, exportHandle: #"{"id":"7","name":"r"}"#)
            guard case .page(let files, _) = outcome else { throw Unexpected(outcome) }
            #expect(files.isEmpty == !isListed)
        }
        let running = try await TestProvider(Self.yaml) { _ in .json(#"{"s":"RUN","files":[]}"#, status: 202) }
        let outcome = await running.client.files(running.job, exportHandle: #"{"id":"7","name":"r"}"#)
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.code == "not-ready")
    }
}
