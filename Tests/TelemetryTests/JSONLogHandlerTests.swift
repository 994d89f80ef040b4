import Foundation
import Logging
import Testing

@testable import Telemetry

@Suite("JSON log lines")
struct JSONLogHandlerTests {
    @Test("a line has time, level, label, message and the metadata of handler and call in one flat object")
    func fields() throws {
        let before = Date()
        let lines = try jsonLines(metadata: ["service": "worker", "status": "old"]) {
            $0.warning("late", metadata: ["jobId": "j1", "status": "POLLING", "nested": ["a": ["b": "c"]]])
        }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(line["level"] as? String == "warning")
        #expect(line["label"] as? String == "test")
        #expect(line["message"] as? String == "late")
        #expect(line["service"] as? String == "worker")
        #expect(line["jobId"] as? String == "j1")
        #expect(line["status"] as? String == "POLLING")
        #expect(line["nested.a.b"] as? String == "c")
        let time = try #require(line["timestamp"] as? String)
        let date = try Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        #expect(time.hasSuffix("Z") && time.count == 24)
        #expect(abs(date.timeIntervalSince(before)) < 60)
    }

    @Test(
        "every character of a message comes back from a JSON parser",
        arguments: [
            "quote \" backslash \\ slash /", "line\nbreak\r\ttab", "\u{0}\u{1}\u{1f}\u{7f}", "é 漢字 👩‍👩‍👧 \u{2028}", "",
        ])
    func escaping(text: String) throws {
        let lines = try jsonLines { $0.info("\(text)", metadata: ["key \"\n": "\(text)"]) }
        let line = try #require(lines.first)
        #expect(lines.count == 1)
        #expect(line["message"] as? String == text)
        #expect(line["key \"\n"] as? String == text)
    }

    @Test("numbers, booleans and arrays keep their type")
    func types() throws {
        let line = try #require(
            try jsonLines {
                $0.info(
                    "x",
                    metadata: [
                        "count": .stringConvertible(42), "ratio": .stringConvertible(0.5), "done": .stringConvertible(true),
                        "huge": .stringConvertible(UInt64.max), "infinite": .stringConvertible(Double.infinity),
                        "list": ["a", .stringConvertible(1)],
                    ])
            }.first)
        #expect(line["count"] as? Int == 42)
        #expect(line["ratio"] as? Double == 0.5)
        #expect(line["done"] as? Bool == true)
        #expect(line["huge"] as? String == "18446744073709551615")
        #expect(line["infinite"] as? String == "inf")
        #expect((line["list"] as? [Any])?.count == 2)
    }

    @Test(
        "values of keys that look like secrets are masked at every depth",
        arguments: [
            "password", "dbPassword", "AWS_SECRET_ACCESS_KEY", "sessionToken", "Authorization", "api-key",
        ])
    func masking(key: String) throws {
        let captured = CapturedLog()
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, output: captured.output) }
        let lines = try captured.lines {
            logger.info("x", metadata: [key: "hunter2", "outer": [key: "hunter2"], "list": [[key: "hunter2"]]])
        }
        #expect(lines.count == 1)
        #expect(!lines[0].contains("hunter2"))
        #expect(try parse(lines[0])["outer.\(key)"] as? String == "***")
    }

    @Test("metadata cannot overwrite the fields of the line itself")
    func reserved() throws {
        let line = try #require(try jsonLines { $0.info("real", metadata: ["message": "forged", "level": "forged"]) }.first)
        #expect(line["message"] as? String == "real")
        #expect(line["level"] as? String == "info")
        #expect(line["metadata.message"] as? String == "forged")
    }

    @Test("a message of megabytes is cut at a character boundary, and the line stays valid")
    func cutting() throws {
        let line = try #require(try jsonLines { $0.info("\(String(repeating: "é", count: 1_000_000))x") }.first)
        let message = try #require(line["message"] as? String)
        #expect(message.utf8.count <= LogFields.textLimit + 3)
        #expect(message.hasSuffix("é…"))
    }

    @Test("an error of the call becomes fields")
    func error() throws {
        let line = try #require(try jsonLines { $0.error("failed", error: DeadlineExceeded(after: .seconds(2))) }.first)
        #expect(line["error"] as? String == "no result within 2.0 s")
        #expect(line["errorType"] as? String == "DeadlineExceeded")
    }

    @Test("concurrent tasks write complete lines")
    func concurrency() async throws {
        let captured = CapturedLog()
        let text = String(repeating: "x", count: 300)
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, output: captured.output) }
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask { for line in 0..<10 { logger.info("\(text)", metadata: ["n": "\(task)-\(line)"]) } }
            }
        }
        let numbers = try captured.lines {}.map { try parse($0)["n"] as? String }
        #expect(Set(numbers).count == 80)
    }
}
