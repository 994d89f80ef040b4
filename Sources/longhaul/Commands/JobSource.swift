import ExportCore
import Foundation
import JobMessages

/// Reads job messages, one per line, as they are needed.
struct JobSource {
    let name: String
    /// `nil` for standard input.
    let count: Int?
    private let content: Content

    private enum Content {
        case line(String)
        case file(String)
        case standardInput
    }

    init(line: String) {
        name = "arguments"
        count = 1
        content = .line(line)
    }

    /// Checks every line of a file before the first job is submitted.
    init(file: String) throws {
        guard file != "-" else {
            name = "standard input"
            count = nil
            content = .standardInput
            return
        }
        name = file
        content = .file(file)
        var lines = 0
        try Self.lines(of: file) { number, line in
            _ = try Self.message(line, number, file)
            lines += 1
        }
        count = lines
    }

    /// Calls `body` with each message, in order.
    func forEach(_ body: (JobRequest) async throws -> Void) async throws {
        switch content {
        case .line(let line): try await body(Self.message(line, nil, name))
        case .standardInput:
            var number = 0
            while let line = readLine() {
                number += 1
                if line.allSatisfy(\.isWhitespace) { continue }
                try await body(Self.message(line, number, name))
            }
        case .file(let file):
            guard let handle = FileHandle(forReadingAtPath: file) else { throw Self.unreadable(file) }
            defer { try? handle.close() }  // nothing was written
            var reader = LineReader(handle)
            var number = 0
            while let line = try reader.next() {
                number += 1
                if line.allSatisfy(\.isWhitespace) { continue }
                try await body(Self.message(line, number, name))
            }
        }
    }

    private static func lines(of file: String, _ body: (Int, String) throws -> Void) throws {
        guard let handle = FileHandle(forReadingAtPath: file) else { throw unreadable(file) }
        defer { try? handle.close() }  // nothing was written
        var reader = LineReader(handle)
        var number = 0
        while let line = try reader.next() {
            number += 1
            if !line.allSatisfy(\.isWhitespace) { try body(number, line) }
        }
    }

    private static func unreadable(_ file: String) -> Problem { .usage("--from \(file): cannot read the file; check path and permissions") }

    private static func message(_ line: String, _ number: Int?, _ name: String) throws -> JobRequest {
        do {
            return try JobMessage.decode(Array(line.utf8))
        } catch {
            throw Problem.usage("\(number.map { "\(name), line \($0)" } ?? name): \(error.message)")
        }
    }
}

/// Reads the lines of a file in chunks of bounded size.
private struct LineReader {
    private let handle: FileHandle
    private var buffer = Data()
    private var isAtEnd = false

    init(_ handle: FileHandle) { self.handle = handle }

    mutating func next() throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer = Data(buffer[(end + 1)...]) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            if isAtEnd {
                guard !buffer.isEmpty else { return nil }
                defer { buffer = Data() }
                return String(decoding: buffer, as: UTF8.self)
            }
            guard buffer.count <= 2 * JobMessage.largestBody else {
                throw Problem.usage("a line is longer than the \(JobMessage.largestBody) bytes allowed for a job message")
            }
            let more: Data?
            do {
                more = try handle.read(upToCount: 1 << 16)
            } catch {
                throw Problem.usage("--from: cannot read the input; check that it is a file")
            }
            guard let more, !more.isEmpty else {
                isAtEnd = true
                continue
            }
            buffer.append(more)
        }
    }
}
