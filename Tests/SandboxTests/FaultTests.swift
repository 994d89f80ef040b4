import Crypto
import Encoding
import Foundation
import TestServers
import Testing

@testable import Sandbox

@Suite("Faults")
struct FaultTests {
    @Test("a create that is throttled or fails creates nothing, and the next attempt with the same key succeeds")
    func createFaults() async throws {
        try await RunningSandbox.with(["fault": "create:429=1", "fault": "create:500=1", "throttle-retry-after": "3s"]) { sandbox in
            let key = ["Idempotency-Key": "k"]
            let first = try await sandbox.http.send("POST", "/v2/exports", headers: key, body: "{}")
            #expect(first.status == 429)
            #expect(first.headers["retry-after"] == "3")
            #expect(try await sandbox.http.send("POST", "/v2/exports", headers: key, body: "{}").status == 500)
            #expect(try await sandbox.statistics().exports["created"] == 0)
            let third = try await sandbox.http.send("POST", "/v2/exports", headers: key, body: "{}")
            #expect(third.status == 202)
            #expect(third.headers["idempotency-replayed"] == nil)
            let faults = try await sandbox.statistics().faults
            #expect(faults["429"] == 1 && faults["500"] == 1)
        }
    }

    @Test("a lost response creates the export all the same, and the key finds it")
    func lostAnswer() async throws {
        try await RunningSandbox.with { sandbox in
            let order = #"{"faults": ["lostAnswer"]}"#
            let key = ["Idempotency-Key": "k"]
            #expect(try await sandbox.http.exchange("POST", "/v2/exports", headers: key, body: order) == nil)
            let again = try await sandbox.http.send("POST", "/v2/exports", headers: key, body: order)
            #expect(again.headers["idempotency-replayed"] == "true")
            #expect(try await sandbox.truth().map(\.faults) == [["lostAnswer"]])
        }
    }

    @Test("status requests are throttled, fail and give an unknown status, each as often as configured")
    func statusFaults() async throws {
        try await RunningSandbox.with(["duration": "0s"]) { sandbox in
            let export = try await sandbox.create(#"{"faults": {"status:429": 1, "status:500": 2, "unknownStatus": 1}}"#)
            var answers: [Int] = []
            for _ in 1...3 { answers.append(try await sandbox.http.get("/v2/exports/\(export.id)").status) }
            #expect(answers == [429, 500, 500])
            #expect(try await sandbox.status(export.id).status == "MYSTERY")
            #expect(try await sandbox.status(export.id).status == "DONE")
            #expect(try await sandbox.truth(export.id)[0].faults == ["429", "500", "unknownStatus"])
        }
    }

    @Test(
        "the first download of each file is corrupt, truncated or rejected as configured, and the next is correct",
        arguments: [
            "corruptBody", "truncatedBody", "download:500",
        ])
    func downloadFaults(fault: String) async throws {
        try await RunningSandbox.with { sandbox in
            let order = #"{"files": 2, "bytesPerFile": 200000, "compression": "gzip", "faults": {"\#(fault)": 1}}"#
            let (_, files) = try await sandbox.readyExport(order)
            for file in files {
                let bad = try await sandbox.http.get(file.target)
                let sha256 = Hexadecimal.text(SHA256.hash(data: bad.body))
                switch fault {
                case "corruptBody": #expect(bad.isWhole && bad.body.count == file.bytes && sha256 != file.sha256)
                case "truncatedBody": #expect(!bad.isWhole && bad.body.count == file.bytes / 2)
                default: #expect(bad.status == 500)
                }
                let good = try await sandbox.http.get(file.target)
                #expect(good.isWhole && Hexadecimal.text(SHA256.hash(data: good.body)) == file.sha256)
            }
        }
    }

    @Test("a slow body takes its time and is correct")
    func slowBody() async throws {
        try await RunningSandbox.with(["slow-body": "400ms"]) { sandbox in
            let order = #"{"files": 1, "bytesPerFile": 1000, "compression": "none", "faults": ["slowBody"]}"#
            let (_, files) = try await sandbox.readyExport(order)
            let start = ContinuousClock.now
            let download = try await sandbox.http.get(files[0].target)
            #expect(start.duration(to: .now) >= .milliseconds(400))
            #expect(Hexadecimal.text(SHA256.hash(data: download.body)) == files[0].sha256)
        }
    }

    @Test("the first listing's links have already expired, the second's work")
    func expiredLinks() async throws {
        try await RunningSandbox.with { sandbox in
            let (export, files) = try await sandbox.readyExport(#"{"files": 2, "faults": ["expiredLink"]}"#)
            for file in files { #expect(try await sandbox.http.get(file.target).status == 403) }
            for file in try await sandbox.files(export.id) { #expect(try await sandbox.http.get(file.target).status == 200) }
        }
    }

    @Test("a hanging request gets no byte until its client leaves, and the number of hanging requests is limited")
    func hang() async throws {
        try await RunningSandbox.with(["fault": "status:hang=100%", "max-hanging": "1"]) { sandbox in
            let export = try await sandbox.create()
            let socket = try sandbox.http.open("GET", "/v2/exports/\(export.id)")
            try await eventually(within: .seconds(10), "the request hangs") { try await sandbox.statistics().hanging == 1 }
            var byte: UInt8 = 0
            #expect(recv(socket, &byte, 1, Int32(MSG_DONTWAIT)) == -1 && errno == EAGAIN)
            #expect(try await sandbox.http.exchange("GET", "/v2/exports/\(export.id)") == nil)
            close(socket)
            try await eventually(within: .seconds(10), "the hang ends") { try await sandbox.statistics().hanging == 0 }
        }
    }

    @Test("a connection without traffic is closed after the idle timeout, even a hanging one")
    func idleTimeout() async throws {
        try await RunningSandbox.with(["fault": "status:hang=1", "idle-timeout": "200ms"]) { sandbox in
            let export = try await sandbox.create()
            #expect(try await sandbox.http.exchange("GET", "/v2/exports/\(export.id)") == nil)
            try await eventually(within: .seconds(10), "the hang ends") { try await sandbox.statistics().hanging == 0 }
        }
    }

    @Test("an order's own faults replace those of the sandbox")
    func replacedFaults() async throws {
        try await RunningSandbox.with(["fault": "status:500=100%", "fault": "failedExport=100%", "duration": "0s"]) { sandbox in
            let clean = try await sandbox.create(#"{"faults": []}"#)
            #expect(try await sandbox.status(clean.id).status == "DONE")
            let usual = try await sandbox.create()
            #expect(try await sandbox.http.get("/v2/exports/\(usual.id)").status == 500)
            #expect(try await sandbox.truth(usual.id)[0].outcome == "FATAL")
        }
    }

    @Test("find, files and cancel can fail too")
    func otherRequests() async throws {
        try await RunningSandbox.with { sandbox in
            let (export, _) = try await sandbox.readyExport(#"{"faults": {"find:500": 1, "cancel:429": 1}}"#, key: "k")
            #expect(try await sandbox.http.get("/v2/exports?idempotencyKey=k").status == 500)
            #expect(try await sandbox.http.get("/v2/exports?idempotencyKey=k").status == 200)
            #expect(try await sandbox.http.send("DELETE", "/v2/exports/\(export.id)").status == 429)
            let other = try await sandbox.create(#"{"durationSeconds": 0, "faults": {"files:500": 1}}"#)
            #expect(try await sandbox.http.get("/v2/exports/\(other.id)/files").status == 500)
            #expect(try await sandbox.http.get("/v2/exports/\(other.id)/files").status == 200)
        }
    }

    @Test("an outage responds with 503 to everything except the control API, and loses nothing")
    func outage() async throws {
        try await RunningSandbox.with(["duration": "0s"]) { sandbox in
            let export = try await sandbox.create()
            sandbox.server.isDown = true
            #expect(try await sandbox.http.get("/v2/exports/\(export.id)").status == 503)
            #expect(try await sandbox.http.send("POST", "/v2/exports", body: "{}").status == 503)
            #expect(try await sandbox.truth().map(\.id) == [export.id])
            #expect(try await sandbox.statistics().requests["status"] == 1)
            sandbox.server.isDown = false
            #expect(try await sandbox.status(export.id).status == "DONE")
        }
    }

    @Test("creates, cancels and faults are in the event log after the server has stopped")
    func eventLog() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sandbox-\(UUID().uuidString).ndjson")
        defer {
            do { try FileManager.default.removeItem(at: file) } catch { print("left behind: \(file.path())") }
        }
        try await RunningSandbox.with(["log": file.path(), "fault": "status:500=1"]) { sandbox in
            let export = try await sandbox.create(#"{"report": "a"}"#, key: "k\"1")
            _ = try await sandbox.create(#"{"report": "a"}"#, key: "k\"1")
            _ = try await sandbox.http.get("/v2/exports/\(export.id)")
            _ = try await sandbox.http.send("DELETE", "/v2/exports/\(export.id)")
        }
        struct Line: Decodable {
            var event: String
            var at: Double
            var idempotencyKey: String?
            var fault: String?
        }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
        #expect(lines.map(\.event) == ["created", "replayed", "fault", "cancelled"])
        #expect(lines.allSatisfy { $0.idempotencyKey == "k\"1" && $0.at == 1_800_000_000 })
        #expect(lines[2].fault == "500")
    }
}
