import Foundation
import TestServers
import Testing

/// A collector that decodes what it gets with the Python package opentelemetry-proto: `ops/traces.d/collector.py`.
struct TraceCollector {
    private let process: ChildProcess
    let url: String

    static func run(_ body: (TraceCollector) async throws -> Void) async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let process = try ChildProcess.start(
            root.appending(path: ".build-venv/bin/python").path, [root.appending(path: "ops/traces.d/collector.py").path])
        defer { process.send(SIGKILL) }
        let port = try await eventually(within: .seconds(20), "the collector") {
            try process.output.firstMatch(of: /\{"port": (\d+)\}/).map { $0.1 }
        }
        try await body(TraceCollector(process: process, url: "http://127.0.0.1:\(port)"))
        process.send(SIGKILL)
        _ = try await process.end(within: .seconds(20))
    }

    struct Span: Decodable {
        struct Link: Decodable, Equatable { let trace, id: String }
        struct Status: Decodable { let code, message: String? }

        enum Value: Decodable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
            case text(String), number(Int), other

            init(stringLiteral value: String) { self = .text(value) }
            init(integerLiteral value: Int) { self = .number(value) }
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else if let number = try? container.decode(Int.self) {
                    self = .number(number)
                } else {
                    self = .other
                }
            }
        }

        let trace, id, parent, name, kind, schema: String
        let attributes: [String: Value]
        let links: [Link]
        let status: Status
        let resource: [String: Value]

        subscript(key: String) -> Value? { attributes[key] }
    }

    /// The spans so far.
    func spans() throws -> [Span] {
        #expect(try process.errors == "", "the collector met what OTLP forbids")
        return try process.output.split(separator: "\n").filter { $0.hasPrefix("{\"trace\"") }.map {
            try JSONDecoder().decode(Span.self, from: Data($0.utf8))
        }
    }

    /// All that came, as text.
    var output: String { get throws { try process.output } }
}
