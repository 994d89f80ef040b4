import ExportCore
import ProviderAPI
import Testing

@Suite("Other shapes of APIs")
struct OtherShapesTests {
    @Test("a list that reads the job, and one that does not", arguments: [("{{ .job.priority }}", true), ("{{ .parameters.p }}", false)])
    func readsJob(value: String, reads: Bool) async throws {
        let yaml = """
            provider: jobs
            baseURL: BASE/jobs
            create: { request: POST /jobs, headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }, export: { id: .response.body.id } }
            status: { request: "GET /jobs/{{ .export.id }}", state: .response.body.s, states: { running: R, ready: D, failed: F } }
            files: { request: "GET /jobs/{{ .export.id }}/files", query: { p: "\(value)" }, items: '.response.body[] | {url}' }
            """
        #expect(try await TestProvider(yaml) { _ in .json("[]") }.client.listingReadsJob == reads)
    }

    @Test("pages of the data itself, with the next page in a header, without reading the data")
    func salesforce() async throws {
        let yaml = """
            provider: salesforce
            baseURL: BASE/services/data/v60.0
            auth: { header: { Authorization: "Bearer {{ .secrets.SF_TOKEN }}" } }
            create:
              request: POST /jobs/query
              json: { operation: query, query: "{{ .parameters.soql }}" }
              export: { id: .response.body.id }
            status:
              request: GET /jobs/query/{{ .export.id }}
              state: .response.body.state
              states: { queued: UploadComplete, running: InProgress, ready: JobComplete, failed: [Failed, Aborted] }
            files:
              request: GET /jobs/query/{{ .export.id }}/results
              query: { maxRecords: 2, locator: "{{ .page // empty }}" }
              headers: { Accept: text/csv }
              body: ignore
              items: '{name: "part-\\(.page // "0").csv", url: .request.url}'
              next: '.response.headers["sforce-locator"] | select(. != "null")'
            cancel:
              request: PATCH /jobs/query/{{ .export.id }}
              json: { state: Aborted }
            """
        let big = String(repeating: "x,y\n", count: 1_000_000)
        let parameters = #"{"soql":"SELECT Id FROM Account"}"#
        let provider = try await TestProvider(yaml, parameters: parameters, secrets: ["SF_TOKEN": "sf"]) { request in
            request.method == "PATCH"
                ? .json("{}") : .text(big, headers: ["Sforce-Locator": request.target.contains("locator=MT%3D") ? "null" : "MT="])
        }
        let base = provider.server.url + "/services/data/v60.0/jobs/query/7/results?maxRecords=2"
        guard case .page(let files, let next?) = await provider.client.files(provider.job, exportHandle: #"{"id":"7"}"#) else {
            Issue.record("no page")
            return
        }
        #expect(files == [ListedFile(name: "part-0.csv", url: base)])
        #expect(next == #"{"page":"MT="}"#)
        #expect(
            await provider.client.files(provider.job, exportHandle: #"{"id":"7"}"#, page: next)
                == .page(files: [ListedFile(name: "part-MT=.csv", url: base + "&locator=MT%3D")], next: nil))
        let stream = try await provider.client.download(DownloadTarget(url: files[0].url), provider.job, exportHandle: #"{"id":"7"}"#)
        #expect(try await provider.body(stream).count == 4_000_000)
        #expect(provider.server.requests.last?.headers["authorization"] == "Bearer sf")
        #expect(await provider.client.cancel(provider.job, exportHandle: #"{"id":"7"}"#) == .cancelled)
        #expect(provider.server.requests.last?.body == #"{"state":"Aborted"}"#)
    }

    @Test("a link to the next page is followed even if the request uses pages in other ways")
    func pageInOtherNames() async throws {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /, export: { id: .response.body.id } }
            status: { request: "GET /", state: .response.body.s, states: { ready: R } }
            files:
              request: GET /files/{{ .parameters.page }}
              query: { pageSize: "{{ .parameters.pages }}" }
              items: .response.body.files
              next: .response.body.next
            """
        let provider = try await TestProvider(yaml, parameters: #"{"page":"a","pages":9}"#) { _ in .json(#"{"files":[],"next":"/more"}"#) }
        let outcome = await provider.client.files(provider.job, exportHandle: "{}")
        #expect(outcome == .page(files: [], next: "{\"url\":\"\(provider.server.url)/more\"}"))
        #expect(provider.server.lines == ["GET /files/a?pageSize=9"])
    }

    static let amazon = """
        provider: amazon
        baseURL: BASE
        auth: { header: { x-amz-access-token: "{{ .secrets.AMZ }}" } }
        create:
          request: POST /reports/2021-06-30/reports
          form: { reportType: "{{ .parameters.type }}", marketplaces: "A & B", none: "{{ empty }}" }
          export: { id: .response.body.reportId }
        status:
          request: GET /reports/2021-06-30/reports/{{ .export.id }}
          state: .response.body.processingStatus
          states: { queued: IN_QUEUE, running: IN_PROGRESS, ready: DONE, empty: CANCELLED, failed: FATAL }
          export: { document: .response.body.reportDocumentId }
        files:
          request: GET /reports/2021-06-30/documents/{{ .export.document }}
          items: '.response.body | {url, name: "report.tsv.gz"}'
          refresh: true
        download: { auth: false, unpack: gzip }
        limits: { creates: 1/m burst 15, checks: 2/s, inFlight: 100 }
        """

    @Test("values of the ready response are stored, and an expired presigned link differs from wrong credentials")
    func presigned() async throws {
        let provider = try await TestProvider(Self.amazon, parameters: #"{"type":"GET+ORDERS"}"#, secrets: ["AMZ": "amz"]) { request in
            switch request.target {
            case "/reports/2021-06-30/reports": .json(#"{"reportId":"R1"}"#, status: 202)
            case "/reports/2021-06-30/reports/R1": .json(#"{"processingStatus":"DONE","reportDocumentId":"D/1"}"#)
            case "/reports/2021-06-30/documents/D%2F1": .json(#"{"url":"/s3/doc?X-Amz-Signature=abc"}"#)
            case "/s3/doc?X-Amz-Signature=abc": .text("gone", status: 403)
            default: .text("", status: 404)
            }
        }
        #expect(await provider.client.create(provider.job) == .created(exportHandle: #"{"id":"R1"}"#))
        #expect(provider.server.requests[0].body == "reportType=GET%2BORDERS&marketplaces=A%20%26%20B")
        #expect(provider.server.requests[0].headers["content-type"] == "application/x-www-form-urlencoded")
        guard case .ready(let handle?, nil) = await provider.client.check(provider.job, exportHandle: #"{"id":"R1"}"#),
            case .page(let files, nil) = await provider.client.files(provider.job, exportHandle: handle)
        else {
            Issue.record("not ready")
            return
        }
        #expect(handle.contains(#""document":"D/1""#) && handle.contains(#""id":"R1""#))
        let failure = await #expect(throws: Failure.self) {
            _ = try await provider.client.download(DownloadTarget(url: files[0].url), provider.job, exportHandle: handle)
        }
        #expect(failure?.failureClass == .gone && failure?.code == "link-expired")
        #expect(failure?.message.contains("X-Amz-Signature") == false)
        #expect(provider.server.requests.last?.headers["x-amz-access-token"] == nil)
        #expect(provider.client.definition.limits.creates == Rate(perSecond: 1.0 / 60, burst: 15))
        #expect(provider.client.definition.download == DownloadRules(auth: false, unpack: .gzip))
    }

    @Test("an error in a 200 response is a failure of the class in the file")
    func errorInSuccess() async throws {
        let yaml = """
            provider: shop
            baseURL: BASE
            create:
              request: POST /graphql
              json: { query: "mutation { bulk(id: \\"{{ .job.id }}\\") { id } }" }
              export: { id: .response.body.data.id }
              error: { when: .response.body.errors, code: '.response.body.errors[0].code', message: '.response.body.errors[0].message', class: throttled }
            status: { request: "GET /", state: .response.body.s, states: { ready: R } }
            files: { items: .response.body.files }
            """
        let provider = try await TestProvider(yaml) { _ in .json(#"{"errors":[{"code":"MAX_COST_EXCEEDED","message":"slow down"}]}"#) }
        guard case .failed(let failure) = await provider.client.create(provider.job) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.failureClass == .throttled && failure.code == "max-cost-exceeded" && failure.message.hasSuffix("slow down"))
        #expect(provider.server.requests[0].body == #"{"query":"mutation { bulk(id: \"job-1\") { id } }"}"#)
    }

    @Test("a create whose response cannot be read is not repeated if that could start a second export")
    func unreadableCreate() async throws {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /, export: { id: .response.body.id } KEY }
            status: { request: "GET /", state: .response.body.s, states: { ready: R } }
            files: { items: .response.body.files }
            """
        for (key, failureClass) in [("", FailureClass.permanent), (", headers: { Idempotency-Key: \"{{ .job.id }}\" }", .transient)] {
            let provider = try await TestProvider(yaml.replacing(" KEY", with: key)) { _ in .json("{broken") }
            guard case .failed(let failure) = await provider.client.create(provider.job) else {
                Issue.record("no failure")
                return
            }
            #expect(failure.failureClass == failureClass && failure.code == "unexpected-answer")
        }
    }

    @Test("the size of a response is limited")
    func boundedAnswer() async throws {
        let yaml = Self.amazon.replacing("inFlight: 100", with: "inFlight: 100, answer: 1KiB")
        let provider = try await TestProvider(yaml, secrets: ["AMZ": "amz"]) { _ in .text(String(repeating: "x", count: 2000)) }
        guard case .failure(let failure) = await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#) else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == "too-large" && failure.failureClass == .permanent)
        #expect(failure.message.hasSuffix("raise limits.answer in the provider file"))
    }
}
