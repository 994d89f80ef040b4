import Foundation
import Testing

@testable import Sandbox

@Suite("Creates of two steps")
struct DraftTests {
    @Test("a draft waits, and its export begins with the start")
    func start() async throws {
        try await RunningSandbox.with(["duration": "10s", "retry-after": "remaining"]) { sandbox in
            let draft = try await sandbox.draft()
            sandbox.clock.advance(by: .seconds(60))
            let waiting = try await sandbox.http.get("/v2/exports/\(draft.id)")
            #expect(try waiting.decode(RunningSandbox.Export.self) == .init(id: draft.id, status: "DRAFT", percent: 0))
            #expect(waiting.headers["retry-after"] == nil)
            #expect(try await sandbox.http.get("/v2/exports/\(draft.id)/files").status == 409)
            let started = try await sandbox.start(draft.id)
            #expect(started.status == 202)
            #expect(try started.decode(RunningSandbox.Export.self).status == "IN_PROGRESS")
            sandbox.clock.advance(by: .seconds(10))
            #expect(try await sandbox.status(draft.id).status == "DONE")
            #expect(try await !sandbox.files(draft.id).isEmpty)
        }
    }

    @Test("a second start is refused and changes nothing")
    func startTwice() async throws {
        try await RunningSandbox.with(["duration": "10s"]) { sandbox in
            let draft = try await sandbox.draft()
            #expect(try await sandbox.start(draft.id).status == 202)
            sandbox.clock.advance(by: .seconds(9))
            let again = try await sandbox.start(draft.id)
            #expect(again.status == 409)
            #expect(try again.decode(RunningSandbox.Refusal.self).error.code == "already-started")
            sandbox.clock.advance(by: .seconds(1))
            #expect(try await sandbox.status(draft.id).status == "DONE")
            let exports = try await sandbox.statistics().exports
            #expect(exports["started"] == 1 && exports["startedAgain"] == 1)
        }
    }

    @Test("the same key gives the same draft, also after its start, and it is found by the key")
    func sameKey() async throws {
        try await RunningSandbox.with(["duration": "10s"]) { sandbox in
            let draft = try await sandbox.draft(key: "job-1")
            #expect(try await sandbox.draft(key: "job-1").id == draft.id)
            #expect(try await sandbox.start(draft.id).status == 202)
            #expect(try await sandbox.draft(key: "job-1").status == "IN_PROGRESS")
            let found = try await sandbox.http.get("/v2/exports?idempotencyKey=job-1").decode(RunningSandbox.Found.self)
            #expect(found.exports.map(\.id) == [draft.id])
            let exports = try await sandbox.statistics().exports
            #expect(exports["created"] == 1 && exports["replayed"] == 2 && exports["started"] == 1)
        }
    }

    @Test("a start whose answer is lost has taken effect, and other faults prevent it")
    func faults() async throws {
        try await RunningSandbox.with(["duration": "10s"]) { sandbox in
            let draft = try await sandbox.draft(#"{"faults": {"start:500": 1, "start:lostAnswer": 1}}"#)
            #expect(try await sandbox.start(draft.id).status == 500)
            #expect(try await sandbox.status(draft.id).status == "DRAFT")
            #expect(try await sandbox.http.exchange("POST", "/v2/exports/\(draft.id)/start") == nil)
            #expect(try await sandbox.start(draft.id).status == 409)
        }
    }

    @Test("a cancelled draft does not start, and an unknown one is 404")
    func cancelled() async throws {
        try await RunningSandbox.with { sandbox in
            let draft = try await sandbox.draft()
            #expect(try await sandbox.http.send("DELETE", "/v2/exports/\(draft.id)").status == 200)
            #expect(try await sandbox.start(draft.id).status == 409)
            #expect(try await sandbox.start("ex-0000000000000000").status == 404)
            #expect(try await sandbox.http.get("/v2/exports/\(draft.id)/start").status == 405)
        }
    }

    @Test("a draft gives its links late only after its end")
    func lateLinks() async throws {
        try await RunningSandbox.with(["late-links": "3s", "fault": "lateLinks=1"]) { sandbox in
            let draft = try await sandbox.draft(#"{"durationSeconds": 1}"#)
            #expect(try await sandbox.http.get("/v2/exports/\(draft.id)/files").status == 409)
            #expect(try await sandbox.start(draft.id).status == 202)
            sandbox.clock.advance(by: .seconds(5))
            #expect(try await !sandbox.files(draft.id).isEmpty)
        }
    }

    @Test("a draft is not dropped to make room, and a started one is when it has finished")
    func capacity() async throws {
        try await RunningSandbox.with(["max-exports": "1"]) { sandbox in
            let draft = try await sandbox.draft(#"{"durationSeconds": 1}"#)
            sandbox.clock.advance(by: .seconds(3600))
            #expect(try await sandbox.http.send("POST", "/v2/exports", body: "{}").status == 503)
            #expect(try await sandbox.start(draft.id).status == 202)
            sandbox.clock.advance(by: .seconds(1))
            _ = try await sandbox.create()
            #expect(try await sandbox.http.get("/v2/exports/\(draft.id)").status == 404)
        }
    }

    @Test("the event log tells of the draft and of its one start")
    func events() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "drafts-\(UUID().uuidString).ndjson").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await RunningSandbox.with(["log": path]) { sandbox in
            let draft = try await sandbox.draft(key: "job-1")
            for _ in 1...2 { _ = try await sandbox.start(draft.id) }
        }
        struct Event: Decodable {
            var event: String
            var idempotencyKey: String?
        }
        let events = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
        #expect(events.map(\.event) == ["created", "started"])
        #expect(events.allSatisfy { $0.idempotencyKey == "job-1" })
    }
}

extension RunningSandbox {
    fileprivate func draft(_ order: String = "{}", key: String? = nil) async throws -> Export {
        try await http.send("POST", "/v2/drafts", headers: key.map { ["Idempotency-Key": $0] } ?? [:], body: order).decode(Export.self)
    }

    fileprivate func start(_ id: String) async throws -> RawHTTP.Response {
        try await http.send("POST", "/v2/exports/\(id)/start")
    }
}
