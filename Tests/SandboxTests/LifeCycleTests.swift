import Foundation
import TestServers
import Testing

@testable import Sandbox

@Suite("The life cycle of an export")
struct LifeCycleTests {
    @Test("an export is queued, runs with a percentage and is done, driven only by the clock")
    func states() async throws {
        try await RunningSandbox.with(["queue": "5s", "duration": "10s"]) { sandbox in
            let export = try await sandbox.create(#"{"report": "daily"}"#)
            #expect(export.status == "IN_QUEUE")
            sandbox.clock.advance(by: .seconds(5))
            #expect(try await sandbox.status(export.id) == .init(id: export.id, status: "IN_PROGRESS", percent: 0))
            sandbox.clock.advance(by: .seconds(4))
            #expect(try await sandbox.status(export.id) == .init(id: export.id, status: "IN_PROGRESS", percent: 40))
            sandbox.clock.advance(by: .milliseconds(5_999))
            #expect(try await sandbox.status(export.id).status == "IN_PROGRESS")
            sandbox.clock.advance(by: .milliseconds(1))
            #expect(try await sandbox.status(export.id) == .init(id: export.id, status: "DONE", percent: 100))
        }
    }

    @Test("a create responds with 202 and the status location, and an unknown export is 404")
    func acceptance() async throws {
        try await RunningSandbox.with { sandbox in
            let response = try await sandbox.http.send("POST", "/v2/exports", body: "{}")
            let export = try response.decode(RunningSandbox.Export.self)
            #expect(response.status == 202)
            #expect(response.headers["location"] == "/v2/exports/\(export.id)")
            #expect(try await sandbox.http.get("/v2/exports/ex-0000000000000000").status == 404)
            #expect(try await sandbox.http.get("/v2/exports/nonsense").status == 404)
        }
    }

    @Test(
        "Retry-After is sent while the export runs, as configured, and not at its end",
        arguments: [
            ("off", nil), ("1500ms", "2"), ("remaining", "8"),
        ])
    func retryAfter(option: String, expected: String?) async throws {
        try await RunningSandbox.with(["duration": "10s", "retry-after": option]) { sandbox in
            let export = try await sandbox.create()
            sandbox.clock.advance(by: .milliseconds(2_100))
            let running = try await sandbox.http.get("/v2/exports/\(export.id)")
            #expect(running.headers["retry-after"] == expected)
            sandbox.clock.advance(by: .seconds(60))
            #expect(try await sandbox.http.get("/v2/exports/\(export.id)").headers["retry-after"] == nil)
        }
    }

    @Test("an order determines the duration, the outcome and the files of its export")
    func overrides() async throws {
        try await RunningSandbox.with(["duration": "1h"]) { sandbox in
            let order = #"{"report":"Sales & Co","durationSeconds":2.5,"files":3,"bytesPerFile":"1KiB","compression":"gzip"}"#
            let export = try await sandbox.create(order)
            let failing = try await sandbox.create(#"{"durationSeconds": 1, "failExport": true}"#)
            let empty = try await sandbox.create(#"{"duration": "fixed:1s", "emptyExport": true}"#)
            sandbox.clock.advance(by: .milliseconds(2_499))
            #expect(try await sandbox.status(export.id).status == "IN_PROGRESS")
            #expect(try await sandbox.status(failing.id).status == "FATAL")
            #expect(try await sandbox.status(empty.id).status == "NO_DATA")
            #expect(try await sandbox.files(empty.id).isEmpty)
            #expect(try await sandbox.http.get("/v2/exports/\(failing.id)/files").status == 410)
            #expect(try await sandbox.http.get("/v2/exports/\(export.id)/files").status == 409)
            sandbox.clock.advance(by: .milliseconds(1))
            let names = try await sandbox.files(export.id).map(\.name)
            #expect(names == (1...3).map { "sales---co-000\($0).csv.gz" })
            let truth = try #require(try await sandbox.truth(export.id).first)
            #expect(truth.files.map { $0.entries.map(\.bytes) } == [[1024], [1024], [1024]])
        }
    }

    @Test("a cancelled export reports it, a second cancel succeeds, and cancelling a finished export is rejected")
    func cancel() async throws {
        try await RunningSandbox.with(["duration": "10s"]) { sandbox in
            let export = try await sandbox.create()
            let ended = try await sandbox.create(#"{"durationSeconds": 0}"#)
            for _ in 1...2 {
                let answer = try await sandbox.http.send("DELETE", "/v2/exports/\(export.id)")
                #expect(answer.status == 200)
                #expect(try answer.decode(RunningSandbox.Export.self).status == "CANCELLED")
            }
            #expect(try await sandbox.status(export.id).status == "CANCELLED")
            #expect(try await sandbox.http.send("DELETE", "/v2/exports/\(ended.id)").status == 409)
            #expect(try await sandbox.statistics().exports["cancelled"] == 1)
        }
    }

    @Test(
        "an invalid order is rejected, and the error names the key",
        arguments: [
            (#"{"files": "many"}"#, "files"), (#"{"durationSeconds": -1}"#, "durationSeconds"),
            (#"{"compression": "rar"}"#, "compression"), (#"{"faults": {"flood": 1}}"#, "faults"), (#"{"report": 7}"#, "report"),
            ("[1]", "body"), ("{", "body"), (#"{"files": 1e300}"#, "files"), (#"{"duration": "uniform:9s..1s"}"#, "duration"),
            (String(repeating: "[", count: 50_000), "body"),
        ])
    func badOrder(order: String, key: String) async throws {
        try await RunningSandbox.with { sandbox in
            let answer = try await sandbox.http.send("POST", "/v2/exports", body: order)
            #expect(answer.status == 400)
            #expect(try answer.decode(RunningSandbox.Refusal.self).error.message.hasPrefix(key))
        }
    }

    @Test("a full sandbox drops the exports that finished first, and rejects new ones if none has finished")
    func capacity() async throws {
        try await RunningSandbox.with(["max-exports": "2"]) { sandbox in
            let slow = try await sandbox.create(#"{"durationSeconds": 100}"#)
            let quick = try await sandbox.create(#"{"durationSeconds": 10}"#)
            #expect(try await sandbox.http.send("POST", "/v2/exports", body: "{}").status == 503)
            sandbox.clock.advance(by: .seconds(10))
            let third = try await sandbox.create(#"{"durationSeconds": 10}"#)
            #expect(try await sandbox.http.get("/v2/exports/\(quick.id)").status == 404)
            #expect(try await sandbox.status(slow.id).status == "IN_PROGRESS")
            #expect(try await sandbox.status(third.id).status == "IN_PROGRESS")
            let exports = try await sandbox.statistics().exports
            #expect(exports["dropped"] == 1 && exports["refused"] == 1 && exports["created"] == 3)
        }
    }
}

@Suite("Stopping")
struct StoppingTests {
    @Test("a stop does not wait for a huge file in the making, nor for clients that hang or read nothing")
    func stop() async throws {
        var configuration = SandboxConfiguration()
        try configuration.set("duration", to: "0s")
        let server = SandboxServer(configuration)
        let http = RawHTTP(port: try await server.start())
        func create(_ order: String) async throws -> String {
            try await http.send("POST", "/v2/exports", body: order).decode(RunningSandbox.Export.self).id
        }
        let hanging = try await create(#"{"faults": {"status:hang": 1}}"#)
        let small = try await create(#"{"files": 1, "bytesPerFile": "8MiB", "compression": "none"}"#)
        let huge = try await create(#"{"files": 1, "bytesPerFile": "1000GiB", "compression": "gzip"}"#)
        let files = try await http.get("/v2/exports/\(small)/files").decode(RunningSandbox.Listing.self).files
        let target = try #require(files.first).target
        let sockets = [
            try http.open("GET", "/v2/exports/\(hanging)"), try http.open("GET", target),
            try http.open("GET", "/v2/exports/\(huge)/files"),
        ]
        try await eventually(within: .seconds(10), "all requests have come") {
            let requests = try await http.get("/_sandbox/stats").decode(RunningSandbox.Statistics.self).requests
            return requests["status"] == 1 && requests["download"] == 1 && requests["files"] == 2
        }
        let start = ContinuousClock.now
        await server.stop()
        #expect(start.duration(to: .now) < .seconds(10))
        for socket in sockets { close(socket) }
        await #expect(throws: SandboxError.alreadyStarted) { try await server.start() }
    }
}
