import ExportCore
import TestServers
import Testing

@testable import Worker

@Suite("A download that is not the file", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct NotTheFileTests {
    private static let body = Array("id,name\n1,x\n".utf8)

    @Test("is a failed attempt, and the file that comes later is stored") func retried() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer([
                "0.csv": [.init("<html>please log in</html>", "Content-Type: text/html"), .init(Self.body)],
                "1.csv": [.init("{\"error\":\"rate limit\"}", "Content-Type: application/json"), .init(Self.body)],
                "2.csv": [.init("<Error><Code>InternalError</Code></Error>", "Content-Type: application/xml"), .init(Self.body)],
                "3.csv": [.init(Array(Self.body.prefix(5)), "Content-Range: bytes 0-4/12", status: 206), .init(Self.body)],
                "4.csv": [.init(Self.body, status: 203)], "5.csv": [.init("{}", status: 202), .init(Self.body)],
            ])
            #expect(result.objects.keys.sorted() == ["0.csv", "1.csv", "2.csv", "3.csv", "4.csv", "5.csv"])
            #expect(result.objects.values.allSatisfy { $0 == Self.body })
            #expect(
                result.failures.sorted() == [
                    "file 0 attempt 1 not-the-file", "file 1 attempt 1 not-the-file", "file 2 attempt 1 not-the-file",
                    "file 3 attempt 1 http-206", "file 5 attempt 1 not-ready",
                ])
        }
    }

    @Test("is not the file either when its page is packed, or when a part of it calls itself the whole") func hidden() async throws {
        try await WorkerFixture.run { fixture in
            let page = try Packed.gzip(Array("<!DOCTYPE html><p>please log in</p>".utf8))
            let result = try await fixture.transfer([
                "0.csv.gz": [.init(page), .init(Self.body)], "1.csv": [.init(page), .init(Self.body)],
                "2.csv": [
                    .init(Array(Self.body.prefix(4)), "Content-Range: bytes 0-3/12"), .init(Self.body, "Content-Range: bytes 0-11/12"),
                ],
            ])
            #expect(result.objects == ["0.csv": Self.body, "1.csv": Self.body, "2.csv": Self.body])
            #expect(
                result.failures.sorted() == [
                    "file 0 attempt 1 not-the-file", "file 1 attempt 1 not-the-file", "file 2 attempt 1 http-206",
                ])
        }
    }

    @Test("is quoted by the error of the job that it fails") func quoted() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(["a.csv": [.init("<html>\n please log in</html>", "Content-Type: text/html")]])
            #expect(result.objects.isEmpty)
            let error = try await fixture.job(result.id).error
            #expect(error?.code == "not-the-file")
            #expect(error?.message.contains("an HTML page instead of csv; it begins: <html> please log in</html>") == true)
        }
    }

    @Test("is an endless 429, which the error of the job names although the last attempts only waited for a pause") func throttled()
        async throws
    {
        let lines = "retry: { attempts: 4, base: 200ms, cap: 500ms, maxThrottled: 1s }\n"
        try await WorkerFixture.run(provider: lines) { fixture in
            let busy = ScriptedFiles.Answer("slow down", status: 429)
            let result = try await fixture.transfer(["a.csv": [busy], "b.csv": [busy], "c.csv": [busy]])
            #expect(result.objects.isEmpty)
            let error = try await fixture.job(result.id).error
            #expect(error?.code == "max-throttled-exceeded")
            #expect(error?.message.contains("429") == true, "\(String(describing: error))")
        }
    }

    @Test("is quoted without a secret that is longer than the quotation") func secret() async throws {
        let secret = (0..<60).map { "s3cr3t-\($0)" }.joined()
        let lines = "auth: { bearer: '{{ .secrets.TOKEN }}' }\n"
        try await WorkerFixture.run(provider: lines, secrets: ["TOKEN": secret]) { fixture in
            let page = "<html> the token \(secret) is no more valid</html>"
            let result = try await fixture.transfer(["a.csv": [.init(page, "Content-Type: text/html; x=\(secret)")]])
            let message = try await fixture.job(result.id).error?.message ?? ""
            #expect(message.contains("it begins: <html> the token *** is no more valid</html>"), "\(message)")
            for field in ["answers", "history", "fileError", "errorMessage"] {
                let kept = try await fixture.redis.send(["HGET", "{lh:00}:job:job-1", .string(field)]).text ?? ""
                #expect(!kept.contains("s3cr3t-"), "\(field): \(kept)")
            }
        }
    }

    @Test("is not what a 204 is that stands for an empty file, whatever type is expected") func noContent() async throws {
        try await WorkerFixture.run(provider: "download: { noContent: empty, expect: { type: text/csv } }\n") { fixture in
            let result = try await fixture.transfer(["a.csv": [.init([UInt8](), status: 204)]])
            #expect(result.objects == ["a.csv": []])
            #expect(result.failures.isEmpty)
        }
    }
}
