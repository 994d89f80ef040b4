import AWSSignature
import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("A file of a list")
struct FileItemTests {
    private static let bearer = "auth: { bearer: \"{{ .secrets.TOKEN }}\" }"
    private static let aws =
        "auth: { aws: { accessKeyId: AKID, secretAccessKey: \"{{ .secrets.KEY }}\", region: eu-west-1, service: athena } }"
    private static let ownKeys = "region: eu-west-1, accessKeyId: AKID, secretAccessKey: \"{{ .secrets.KEY }}\""
    private static let secret = "s3cr3t/k3y+of/aws"

    /// A provider that lists these items.
    private static func provider(
        _ download: String = "", auth: String = bearer, items: String = "[]",
        file: @escaping @Sendable (StubRequest) -> StubResponse = { _ in .text("data") }
    ) async throws -> TestProvider {
        let yaml = """
            provider: p
            baseURL: BASE
            \(auth)
            create: { request: POST /x, export: { id: .response.body.id } }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
            files: { request: GET /list, items: ".response.body[]" }
            \(download)
            """
        return try await TestProvider(yaml, secrets: ["TOKEN": "t0ken", "KEY": secret]) { request in
            request.target == "/list" ? .json(items) : file(request)
        }
    }

    private static func listed(_ provider: TestProvider) async throws -> [ListedFile] {
        let outcome = await provider.client.files(provider.job, exportHandle: #"{"id":"7"}"#)
        guard case .page(let files, nil) = outcome else { throw Unexpected(outcome) }
        return files
    }

    private static func body(of file: DownloadTarget, _ provider: TestProvider) async throws -> [UInt8] {
        try await provider.body(try await provider.client.download(file, provider.job, exportHandle: #"{"id":"7"}"#))
    }

    private static func sends(_ file: DownloadTarget, _ provider: TestProvider) async -> Bool {
        await provider.client.downloadAccess(to: file, provider.job, exportHandle: #"{"id":"7"}"#).withCredentials
    }

    // MARK: What an item says

    @Test("has an id, and its own unpack and auth") func item() async throws {
        let items = #"[{"id":7,"name":"a.csv","url":"/a","unpack":"gzip","auth":true},{"id":"b","url":"/b.csv","unpack":null,"auth":null}]"#
        let provider = try await Self.provider(items: items)
        let files = try await Self.listed(provider), base = provider.server.url
        #expect(
            files == [
                ListedFile(name: "a.csv", url: base + "/a", id: "7", unpack: .gzip, auth: true),
                ListedFile(name: "b.csv", url: base + "/b.csv", isNamed: false, id: "b"),
            ])
        let target = DownloadTarget(files[0])
        #expect(target.id == "7" && target.name == "a.csv" && target.auth == true)
    }

    @Test(
        "that cannot be right is named",
        arguments: [
            (#"{"url":"/a","unpack":"rar"}"#, "item 0 has an unpack that is none of auto, none, gzip, zip"),
            (#"{"url":"/a","auth":"yes"}"#, "item 0 has an auth that is neither true nor false"),
            (#"{"url":"/a","id":{}}"#, "item 0 has an id that is not text"),
            (#"{"url":"s3://bucket/key"}"#, "item 0 has a link to S3, which download.s3 or auth: { aws } must sign"),
        ])
    func wrongItem(item: String, message: String) async throws {
        let provider = try await Self.provider(items: "[\(item)]")
        let outcome = await provider.client.files(provider.job, exportHandle: #"{"id":"7"}"#)
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.failureClass == .permanent && failure.code == "invalid-file-list")
        #expect(failure.message.contains(message), "\(failure.message)")
    }

    @Test(
        "is downloaded with credentials if it says so, whatever download.auth says",
        arguments: ["", "download: { auth: true }", "download: { auth: false }"])
    func auth(download: String) async throws {
        let other = try StubServer { _ in .text("data") }
        let provider = try await Self.provider(download)
        for server in [provider.server, other] {
            for auth in [true, false] {
                let file = DownloadTarget(url: server.url + "/f", auth: auth)
                #expect(await Self.sends(file, provider) == auth)
                _ = try await Self.body(of: file, provider)
                #expect(server.requests.last?.headers["authorization"] == (auth ? "Bearer t0ken" : nil))
            }
        }
        let own = DownloadTarget(url: provider.server.url + "/f"), foreign = DownloadTarget(url: other.url + "/f")
        #expect(await Self.sends(own, provider) == (download != "download: { auth: false }"))
        #expect(await Self.sends(foreign, provider) == (download == "download: { auth: true }"))
    }

    // MARK: download.request

    @Test("needs no url if a request downloads it, which reads .file") func request() async throws {
        let download = """
            download:
              request: POST /fetch/{{ .export.id }}
              query: { name: "{{ .file.name }}" }
              json: { id: "{{ .file.id }}", kind: file }
              headers: { X-Kind: export }
            """
        let provider = try await Self.provider(download, items: #"[{"id":"f/1","name":"a b.csv"},{"id":2,"url":null}]"#)
        let files = try await Self.listed(provider), list = provider.server.url + "/list"
        #expect(files == [ListedFile(name: "a b.csv", url: list, id: "f/1"), ListedFile(name: "2", url: list, isNamed: false, id: "2")])
        #expect(try await Self.body(of: DownloadTarget(files[0]), provider) == Array("data".utf8))
        let sent = try #require(provider.server.requests.last)
        #expect(sent.line == "POST /fetch/7?name=a%20b.csv" && sent.body == #"{"id":"f/1","kind":"file"}"#)
        #expect(sent.headers["content-type"] == "application/json" && sent.headers["accept-encoding"] == "identity")
        #expect(sent.headers["authorization"] == "Bearer t0ken" && sent.headers["x-kind"] == "export")
        let access = await provider.client.downloadAccess(to: DownloadTarget(files[0]), provider.job, exportHandle: #"{"id":"7"}"#)
        #expect(access.host == String(provider.server.url.dropFirst("http://".count)) && access.withCredentials)
    }

    @Test("whose request begins with its url shows no credentials to another host") func requestOfURL() async throws {
        let other = try StubServer { _ in .text("data") }
        let provider = try await Self.provider("download: { request: \"GET {{ .file.url }}\", query: { part: all } }")
        for (server, authorization) in [(provider.server, "Bearer t0ken"), (other, nil)] as [(StubServer, String?)] {
            let file = DownloadTarget(url: server.url + "/f?sig=1")
            #expect(await Self.sends(file, provider) == (authorization != nil))
            _ = try await Self.body(of: file, provider)
            #expect(server.lines.last == "GET /f?sig=1&part=all")
            #expect(server.requests.last?.headers["authorization"] == authorization)
        }
    }

    // MARK: Links to S3

    /// Whether a request has the signature of S3 that its path and its date require.
    private static func isSigned(_ request: StubRequest) -> Bool {
        guard let sent = request.headers["authorization"], let date = request.headers["x-amz-date"], let host = request.headers["host"],
            let time = try? Date(date, strategy: Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted))
        else { return false }
        let signer = SignatureV4(AWSCredentials(accessKeyID: "AKID", secretAccessKey: secret), region: "eu-west-1", service: "s3")
        let headers = signer.sign(
            SignatureV4.Request(method: request.method, host: host, path: request.target),
            secondsSince1970: Int64(time.timeIntervalSince1970))
        return headers.first { $0.name == "Authorization" }?.value == sent
    }

    @Test(
        "at an S3 server is signed with the keys of auth, or with its own",
        arguments: [(aws, "endpoint: ENDPOINT/"), (bearer, "endpoint: ENDPOINT, \(ownKeys)"), ("", "endpoint: ENDPOINT, \(ownKeys)")])
    func signed(auth: String, s3: String) async throws {
        let store = try StubServer { Self.isSigned($0) ? .text("data") : .text("bad signature", status: 403) }
        let download = "download: { s3: { \(s3.replacing("ENDPOINT", with: store.url)) } }"
        let provider = try await Self.provider(download, auth: auth, items: #"[{"url":"s3://my.bucket/a b/ü+1%.csv"}]"#)
        let files = try await Self.listed(provider)
        #expect(files == [ListedFile(name: "ü+1%.csv", url: "s3://my.bucket/a b/ü+1%.csv", isNamed: false)])
        let file = DownloadTarget(files[0])
        #expect(try await Self.body(of: file, provider) == Array("data".utf8))
        #expect(store.lines == ["GET /my.bucket/a%20b/%C3%BC%2B1%25.csv"])
        for request in store.requests + provider.server.requests { #expect(!"\(request)".contains(Self.secret)) }
        let access = await provider.client.downloadAccess(to: file, provider.job)
        #expect(access.host == String(store.url.dropFirst("http://".count)) && access.withCredentials)
    }

    @Test(
        "at S3 is at the host of its bucket, unless that has dots",
        arguments: [
            ("s3://bucket/key.csv", "bucket.s3.eu-west-1.amazonaws.com"), ("s3://my.bucket/a/key.csv", "s3.eu-west-1.amazonaws.com"),
            ("S3://bucket/key.csv", "bucket.s3.eu-west-1.amazonaws.com"),
        ])
    func hosts(link: String, host: String) async throws {
        for (auth, download) in [(Self.aws, ""), (Self.bearer, "download: { s3: { \(Self.ownKeys) } }")] {
            let provider = try await Self.provider(download, auth: auth)
            let access = await provider.client.downloadAccess(to: DownloadTarget(url: link), provider.job)
            #expect(access.host == host && access.withCredentials)
            #expect(await Self.sends(DownloadTarget(url: "https://store.example/presigned"), provider) == false)
        }
    }

    @Test(
        "at S3 needs a bucket and a key",
        arguments: ["s3://bucket", "s3://bucket/", "s3:///key", "s3://", "s3://buc ket/key", "s3://a@b/key"])
    func invalidLink(link: String) async throws {
        let provider = try await Self.provider(auth: Self.aws, items: "[{\"url\":\"\(link)\"}]")
        let outcome = await provider.client.files(provider.job, exportHandle: "{}")
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(failure.failureClass == .permanent && failure.code == "invalid-file-list")
        #expect(failure.message.contains("item 0 has a link to S3 without a bucket or a key"), "\(failure.message)")
    }

    @Test(
        "is downloaded as the provider file says, or that is reported",
        arguments: [
            ("download: { json: { a: b } }", ["download.json"]), ("download: { query: { a: b } }", ["download.query"]),
            ("download: { request: POST /f, json: { a: \"{{ .file.size }}\" } }", ["download.json.a"]),
            ("download: { request: POST /f, json: { a: \"{{ .response.body }}\" } }", ["download.json.a"]),
            ("download: { s3: { region: eu-west-1 } }", ["download.s3.accessKeyId", "download.s3.secretAccessKey"]),
            ("cleanup: \"DELETE /f/{{ .file.id }}\"", ["cleanup"]),
            ("download: { request: POST /f, json: { a: \"{{ .file.id }}\", b: \"{{ .file.name }}\" } }", []),
        ])
    func problems(line: String, fields: [String]) async {
        #expect(await TestProvider.problems(ProviderFileTests.least + "\n" + line).map(\.field).sorted() == fields)
    }
}
