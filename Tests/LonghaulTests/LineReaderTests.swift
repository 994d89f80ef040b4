import Foundation
import JobMessages
import Testing

@testable import longhaul

@Suite("The lines of a file of jobs") struct LineReaderTests {
    private static func lines(_ text: String) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString)")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }  // the system deletes leftovers
        var reader = LineReader(try FileHandle(forReadingFrom: file))
        var lines: [String] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    @Test("are read in order, across chunks, and with or without a last line break") func order() throws {
        let lines = (0..<30_000).map { "line \($0) \(String(repeating: "ä", count: $0 % 50))" }
        #expect(try Self.lines(lines.joined(separator: "\n")) == lines)
        #expect(try Self.lines(lines.joined(separator: "\n") + "\n") == lines)
        #expect(try Self.lines("a\n\nb\n") == ["a", "", "b"])
        #expect(try Self.lines("").isEmpty)
    }

    @Test("may be as long as a job message, but not without bound") func bound() throws {
        let long = String(repeating: "x", count: JobMessage.largestBody)
        #expect(try Self.lines("\(long)\na") == [long, "a"])
        #expect(throws: Problem.self) { try Self.lines(String(repeating: "x", count: 4 * JobMessage.largestBody)) }
    }

    @Test("are not copied from a device whose line never ends") func device() {
        #expect(throws: Problem.self) { try JobSource(file: "/dev/zero") }
    }
}
