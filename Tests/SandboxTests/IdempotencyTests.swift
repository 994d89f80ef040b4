import Testing

@testable import Sandbox

@Suite("Idempotency and access")
struct IdempotencyTests {
    @Test("the same key gives the same export and marks it as a replay")
    func sameKey() async throws {
        try await RunningSandbox.with { sandbox in
            let key = ["Idempotency-Key": "job-1"]
            let first = try await sandbox.http.send("POST", "/v2/exports", headers: key, body: #"{"report":"a"}"#)
            let second = try await sandbox.http.send("POST", "/v2/exports", headers: key, body: #"{"report":"a"}"#)
            #expect(first.headers["idempotency-replayed"] == nil)
            #expect(second.headers["idempotency-replayed"] == "true")
            #expect(second.status == 202)
            #expect(try first.decode(RunningSandbox.Export.self).id == second.decode(RunningSandbox.Export.self).id)
            let exports = try await sandbox.statistics().exports
            #expect(exports["created"] == 1 && exports["replayed"] == 1)
        }
    }

    @Test("no key creates a new export each time, and another key another export")
    func noKey() async throws {
        try await RunningSandbox.with { sandbox in
            var ids: Set<String> = []
            for _ in 1...3 { ids.insert(try await sandbox.create().id) }
            ids.insert(try await sandbox.create(key: "a").id)
            ids.insert(try await sandbox.create(key: "b").id)
            #expect(ids.count == 5)
        }
    }

    @Test("a key that is used for another order is rejected")
    func conflict() async throws {
        try await RunningSandbox.with { sandbox in
            _ = try await sandbox.create(#"{"report":"a"}"#, key: "k")
            let answer = try await sandbox.http.send(
                "POST", "/v2/exports", headers: ["Idempotency-Key": "k"], body: #"{"report":"b"}"#)
            #expect(answer.status == 422)
            #expect(try await sandbox.statistics().exports["conflicts"] == 1)
        }
    }

    @Test("an export is found by its key, whatever its characters")
    func find() async throws {
        try await RunningSandbox.with { sandbox in
            let export = try await sandbox.create(key: "job 1/ü&x")
            let found = try await sandbox.http.get("/v2/exports?idempotencyKey=job%201%2F%C3%BC%26x")
                .decode(RunningSandbox.Found.self)
            #expect(found.exports.map(\.id) == [export.id])
            let none = try await sandbox.http.get("/v2/exports?idempotencyKey=job").decode(RunningSandbox.Found.self)
            #expect(none.exports.isEmpty)
            #expect(try await sandbox.http.get("/v2/exports").status == 400)
        }
    }

    @Test("with a token configured, the API requires it, and signed links and the control API do not")
    func token() async throws {
        try await RunningSandbox.with(["token": "s3cret", "duration": "0s", "files": "1"]) { sandbox in
            let right = ["Authorization": "Bearer s3cret"]
            for headers in [[:], ["Authorization": "Bearer s3cres"], ["Authorization": "Bearer "]] {
                let refused = try await sandbox.http.send("POST", "/v2/exports", headers: headers, body: "{}")
                #expect(refused.status == 401)
            }
            let export = try await sandbox.http.send("POST", "/v2/exports", headers: right, body: "{}")
                .decode(RunningSandbox.Export.self)
            #expect(try await sandbox.http.get("/v2/exports/\(export.id)").status == 401)
            let files = try await sandbox.http.send("GET", "/v2/exports/\(export.id)/files", headers: right)
                .decode(RunningSandbox.Listing.self).files
            let target = try #require(files.first).target
            #expect(try await sandbox.http.get(target).status == 200)
            #expect(try await sandbox.statistics().credentialsOnDownloads == 0)
            #expect(try await sandbox.http.send("GET", target, headers: right).status == 200)
            #expect(try await sandbox.http.get("/healthz").status == 200)
            let statistics = try await sandbox.statistics()
            #expect(statistics.unauthorised == 4)
            #expect(statistics.credentialsOnDownloads == 1)
        }
    }

    @Test("an unknown path is 404, a wrong method 405 with the allowed ones, a huge body 413")
    func outsideTheSurface() async throws {
        try await RunningSandbox.with { sandbox in
            #expect(try await sandbox.http.get("/v1/exports").status == 404)
            let wrong = try await sandbox.http.send("PUT", "/v2/exports")
            #expect(wrong.status == 405)
            #expect(wrong.headers["allow"] == "GET, POST")
            #expect(try await sandbox.http.send("POST", "/healthz").status == 405)
            let huge = String(repeating: " ", count: 70_000)
            #expect(try await sandbox.http.send("POST", "/v2/exports", body: huge).status == 413)
        }
    }
}
