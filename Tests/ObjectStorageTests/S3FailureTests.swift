import AWSSignature
import EventThread
import HTTPClient
import Testing

@testable import ObjectStorage

@Suite("A failing S3", .timeLimit(.minutes(5))) struct S3FailureTests {
    /// Runs against a server that gives these responses. Returns the requests.
    private func run(
        _ answers: [ScriptedS3.Answer], now: Int64 = SignatureV4Tests.time, _ body: (S3Storage) async throws -> Void
    ) async throws -> [String] {
        let server = ScriptedS3(answers)
        let thread = EventThread(name: "storage-test")
        let http = HTTPClient(HTTPClientConfiguration(name: "storage"), on: thread, logger: quiet)
        defer {
            server.stop()
            thread.stop()
        }
        let configuration = try S3Configuration(
            bucket: "bucket", credentials: SignatureV4Tests.credentials, endpoint: "http://127.0.0.1:\(server.port)")
        try await body(S3Storage(client: S3Client(configuration, http: http, logger: quiet, now: { now })))
        await http.shutdown()
        return server.requests
    }

    @Test("gets a request again while that may help") func retries() async throws {
        let requests = try await run([
            .error(503, "SlowDown"), .error(500, "InternalError"), .error(400, "RequestTimeout"), .init(),
        ]) {
            try await $0.put(key: "k", bytes: [1, 2], contentType: "text/plain")
        }
        #expect(requests.count == 4)
    }

    @Test("gets a request five times at most") func givesUp() async throws {
        let requests = try await run([.error(503, "SlowDown")]) { storage in
            let error = await #expect(throws: ObjectStorageError.self) {
                try await storage.put(key: "k", bytes: [1], contentType: "x/y")
            }
            #expect(error?.kind == .throttled)
        }
        #expect(requests.count == 5)
    }

    @Test("gets no second request when that cannot help, or only much later") func noRetry() async throws {
        for answer: ScriptedS3.Answer in [.error(403, "AccessDenied"), .error(503, "SlowDown", headers: ["Retry-After: 3600"])] {
            let requests = try await run([answer]) { storage in
                await #expect(throws: ObjectStorageError.self) { try await storage.put(key: "k", bytes: [1], contentType: "x/y") }
            }
            #expect(requests.count == 1)
        }
    }

    @Test("that reports clock skew gets a request with the server's time") func clock() async throws {
        let requests = try await run([
            .error(403, "RequestTimeTooSkewed", headers: ["Date: Fri, 24 May 2013 01:00:00 GMT"]), .init(),
        ]) {
            try await $0.put(key: "k", bytes: [1], contentType: "text/plain")
        }
        #expect(requests.count == 2)
        #expect(requests.first?.contains("x-amz-date: 20130524T000000Z") == true)
        #expect(requests.last?.contains("x-amz-date: 20130524T010000Z") == true)
    }

    @Test("may respond with 200 and still fail when an upload is completed") func errorInBody() async throws {
        let requests = try await run([
            .init(body: "<R><UploadId>id</UploadId></R>"), .init(headers: ["ETag: \"1\""]), .init(headers: ["ETag: \"2\""]),
            .error(200, "InternalError"),
            .init(body: "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"),
        ]) { storage in
            let upload = try await storage.upload(key: "k", contentType: "text/plain")
            try await upload.write(bytes(9 << 20))
            try await upload.finishParts()
            try await upload.commit()
        }
        #expect(requests.map { String($0.prefix { $0 != " " }) } == ["POST", "PUT", "PUT", "POST", "POST"])
    }

    @Test("that corrupts a part gets the part again, and a lost part ends the upload") func parts()
        async throws
    {
        let created = ScriptedS3.Answer(body: "<R><UploadId>id</UploadId></R>")
        let requests = try await run([
            created, .error(400, "XAmzContentSHA256Mismatch"), .init(headers: ["ETag: \"1\""]), .error(403, "AccessDenied"),
        ]) { storage in
            let upload = try await storage.upload(key: "k", contentType: "text/plain")
            try await upload.write(bytes(9 << 20))
            var error = await #expect(throws: ObjectStorageError.self) { try await upload.finishParts() }
            #expect(error?.kind == .accessDenied)
            error = await #expect(throws: ObjectStorageError.self) { try await upload.commit() }
            #expect(error?.kind == .accessDenied)
        }
        #expect(requests.count == 4)
    }

    @Test("receives exactly the path that was signed") func path() async throws {
        let requests = try await run([.init()]) {
            try await $0.put(key: "a//../b c+%/.", bytes: [1], contentType: "text/plain")
        }
        #expect(requests.first?.hasPrefix("PUT /bucket/a//../b%20c%2B%25/. HTTP/1.1\r\n") == true)
        #expect(requests.first?.lowercased().contains("expect:") == false)
    }
}
