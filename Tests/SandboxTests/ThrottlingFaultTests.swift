import TestServers
import Testing

@testable import Sandbox

@Suite("Faults: come later")
struct ThrottlingFaultTests {
    @Test(
        "every kind of request, a download too, can be asked to come later without a usable time",
        arguments: [("429-bare", 429, nil), ("429-zero", 429, "0"), ("503-bare", 503, nil)] as [(String, Int, String?)])
    func everywhere(fault: String, status: Int, retryAfter: String?) async throws {
        try await RunningSandbox.with(["duration": "0s"]) { sandbox in
            let key = ["Idempotency-Key": "k"]
            let order = #"{"files": 1, "faults": ["\#(fault)"]}"#
            func twice(_ method: String, _ target: String, body: String = "") async throws -> RawHTTP.Response {
                let refused = try await sandbox.http.send(method, target, headers: key, body: body)
                #expect(refused.status == status && refused.headers["retry-after"] == retryAfter, "\(method) \(target)")
                let answer = try await sandbox.http.send(method, target, headers: key, body: body)
                #expect(answer.status < 300 || method == "DELETE", "\(method) \(target)")
                return answer
            }
            let export = try await twice("POST", "/v2/exports", body: order).decode(RunningSandbox.Export.self)
            _ = try await twice("GET", "/v2/exports?idempotencyKey=k")
            _ = try await twice("GET", "/v2/exports/\(export.id)")
            let listing = try await twice("GET", "/v2/exports/\(export.id)/files").decode(RunningSandbox.Listing.self)
            _ = try await twice("GET", listing.files[0].target)
            #expect(try await twice("DELETE", "/v2/exports/\(export.id)").status == 409)
            #expect(try await sandbox.statistics().faults[fault] == 6)
        }
    }

    @Test("an odd Retry-After is a fraction, a list, a date in each form, a word or negative")
    func oddRetryAfter() async throws {
        try await RunningSandbox.with { sandbox in
            let export = try await sandbox.create(#"{"faults": {"status:429-odd": 7}}"#)
            sandbox.clock.advance(by: .seconds(19 * 86_400))
            var hints: Set<String> = []
            for _ in 1...7 {
                let answer = try await sandbox.http.get("/v2/exports/\(export.id)")
                #expect(answer.status == 429)
                hints.insert(answer.headers["retry-after"] ?? "none")
            }
            #expect(
                hints == [
                    "2.5", "1, 1", "soon", "-1", "Wed, 03 Feb 2027 08:00:02 GMT", "Wednesday, 03-Feb-27 08:00:02 GMT",
                    "Wed Feb  3 08:00:02 2027",
                ])
            #expect(try await sandbox.http.get("/v2/exports/\(export.id)").status == 200)
        }
    }

    @Test("a status, a listing and a file can be busy: 409, 423 or 425 without Retry-After")
    func conflict() async throws {
        try await RunningSandbox.with { sandbox in
            let (export, files) = try await sandbox.readyExport(#"{"files": 1, "faults": {"status:conflict": 3, "download:conflict": 3}}"#)
            let other = try await sandbox.create(#"{"durationSeconds": 0, "faults": {"files:conflict": 3}}"#)
            for target in ["/v2/exports/\(export.id)", files[0].target, "/v2/exports/\(other.id)/files"] {
                var statuses: [Int] = []
                for _ in 1...3 {
                    let answer = try await sandbox.http.get(target)
                    #expect(answer.headers["retry-after"] == nil)
                    statuses.append(answer.status)
                }
                #expect(statuses.sorted() == [409, 423, 425])
                #expect(try await sandbox.http.get(target).status == 200)
            }
        }
    }

    @Test("a listing and a file can be in the making: 202, with a Retry-After and without")
    func processing() async throws {
        try await RunningSandbox.with { sandbox in
            let (_, files) = try await sandbox.readyExport(#"{"files": 1, "faults": {"download:processing": 2}}"#)
            let other = try await sandbox.create(#"{"durationSeconds": 0, "faults": {"files:processing": 2}}"#)
            for target in [files[0].target, "/v2/exports/\(other.id)/files"] {
                var hints: Set<String?> = []
                for _ in 1...2 {
                    let answer = try await sandbox.http.get(target)
                    #expect(answer.status == 202 && answer.text == #"{"status":"processing"}"#)
                    hints.insert(answer.headers["retry-after"])
                }
                #expect(hints == [nil, "1"])
                #expect(try await sandbox.http.get(target).status == 200)
            }
        }
    }
}
