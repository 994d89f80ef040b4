import Crypto
import Encoding
import Foundation
import Testing

@testable import Sandbox

@Suite("Faults: something else in place of the answer")
struct DocumentFaultTests {
    @Test("a login page takes the place of a status, a listing or a file, as a success")
    func htmlPage() async throws {
        try await RunningSandbox.with { sandbox in
            let order = #"{"files": 1, "faults": {"status:htmlPage": 1, "download:htmlPage": 1}}"#
            let (export, files) = try await sandbox.readyExport(order)
            let other = try await sandbox.create(#"{"durationSeconds": 0, "faults": {"files:htmlPage": 1}}"#)
            for target in ["/v2/exports/\(export.id)", files[0].target, "/v2/exports/\(other.id)/files"] {
                let page = try await sandbox.http.get(target)
                #expect(page.status == 200 && page.isWhole && page.text.hasPrefix("<!DOCTYPE html>"))
                #expect(page.headers["content-type"] == "text/html; charset=utf-8")
                #expect(try await sandbox.http.get(target).headers["content-type"]?.contains("html") == false)
            }
        }
    }

    @Test("an error in JSON and one in XML take the place of a file, as a success")
    func errorDocument() async throws {
        try await RunningSandbox.with { sandbox in
            let (_, files) = try await sandbox.readyExport(#"{"files": 1, "faults": {"errorDocument": 2}}"#)
            var types: [String: String] = [:]
            for _ in 1...2 {
                let answer = try await sandbox.http.get(files[0].target)
                #expect(answer.status == 200 && answer.isWhole)
                types[answer.headers["content-type"] ?? ""] = answer.text
            }
            #expect(types.count == 2)
            #expect(types["application/json"]?.hasPrefix(#"{"error":{"code":"internal-error""#) == true)
            #expect(types["application/xml"]?.contains("<Error><Code>InternalError</Code>") == true)
            try await expectWhole(files[0], in: sandbox)
        }
    }

    @Test("204 takes the place of a file")
    func noContent() async throws {
        try await RunningSandbox.with { sandbox in
            let (_, files) = try await sandbox.readyExport(#"{"files": 1, "faults": ["noContent"]}"#)
            let answer = try await sandbox.http.get(files[0].target)
            #expect(answer.status == 204 && answer.body.isEmpty)
            #expect(answer.headers["content-length"] == nil && answer.headers["transfer-encoding"] == nil)
            try await expectWhole(files[0], in: sandbox)
        }
    }

    @Test("206 with the first half takes the place of a whole file", arguments: [FileCompression.none, .gzip])
    func partial(compression: FileCompression) async throws {
        try await RunningSandbox.with { sandbox in
            let order = #"{"files": 1, "bytesPerFile": 100001, "compression": "\#(compression.rawValue)", "faults": ["partial"]}"#
            let (_, files) = try await sandbox.readyExport(order)
            let answer = try await sandbox.http.get(files[0].target)
            let half = files[0].bytes / 2
            #expect(answer.status == 206 && answer.isWhole)
            #expect(answer.headers["content-range"] == "bytes 0-\(half - 1)/\(files[0].bytes)")
            let whole = try await expectWhole(files[0], in: sandbox)
            #expect(answer.body == Array(whole.prefix(half)))
        }
    }

    @Test("half of a file without bytes is empty too")
    func partOfNothing() async throws {
        try await RunningSandbox.with { sandbox in
            let order = #"{"files": 1, "bytesPerFile": 0, "compression": "none", "faults": ["partial"]}"#
            let (_, files) = try await sandbox.readyExport(order)
            let answer = try await sandbox.http.get(files[0].target)
            #expect(answer.status == 206 && answer.isWhole && answer.headers["content-range"] == "bytes */0")
        }
    }

    @Test("the event log names a fault's form")
    func eventLog() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sandbox-\(UUID().uuidString).ndjson")
        defer {
            do { try FileManager.default.removeItem(at: file) } catch { print("left behind: \(file.path())") }
        }
        try await RunningSandbox.with(["log": file.path()]) { sandbox in
            let (_, files) = try await sandbox.readyExport(#"{"files": 1, "faults": {"errorDocument": 2}}"#)
            for _ in 1...2 { _ = try await sandbox.http.get(files[0].target) }
        }
        let lines = try String(contentsOf: file, encoding: .utf8)
        #expect(lines.contains(#""fault":"errorDocument","form":"json""#))
        #expect(lines.contains(#""fault":"errorDocument","form":"xml""#))
    }

    @discardableResult
    private func expectWhole(_ file: RunningSandbox.Listing.File, in sandbox: RunningSandbox) async throws -> [UInt8] {
        let answer = try await sandbox.http.get(file.target)
        #expect(answer.status == 200 && answer.isWhole && Hexadecimal.text(SHA256.hash(data: answer.body)) == file.sha256)
        return answer.body
    }
}
