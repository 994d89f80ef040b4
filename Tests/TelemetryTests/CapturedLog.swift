import Foundation
import Logging

@testable import Telemetry

/// A pipe that a log handler writes to, and its lines.
struct CapturedLog {
    let output: LogOutput
    private let pipe = Pipe()

    init() { output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor) }

    /// The log lines of `body`.
    func lines(_ body: () -> Void) throws -> [String] {
        body()
        try pipe.fileHandleForWriting.close()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

/// The fields of a JSON line, by an independent parser.
func parse(_ line: String) throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
        throw CocoaError(.propertyListReadCorrupt)
    }
    return object
}

func jsonLines(level: Logger.Level = .trace, metadata: Logger.Metadata = [:], _ body: (Logger) -> Void) throws -> [[String: Any]] {
    let captured = CapturedLog()
    let logger = Logger(label: "test") {
        JSONLogHandler(label: $0, level: level, metadata: metadata, output: captured.output)
    }
    return try captured.lines { body(logger) }.map(parse)
}
