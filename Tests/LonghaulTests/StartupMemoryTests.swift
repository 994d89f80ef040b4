import CMemory
import Foundation
import Testing

@Suite("The memory of the start") struct StartupMemoryTests {
    /// Pages of files that are mapped here, in KiB.
    private func residentFilePages() throws -> Int {
        let status = try String(decoding: #require(try FileHandle(forReadingAtPath: "/proc/self/status")?.readToEnd()), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }

    @Test("is let go of, and what is needed comes back by itself") func release() throws {
        let before = try residentFilePages()
        release_program_pages()
        // All that has run since, other tests among it, was read from the files anew.
        #expect(try residentFilePages() < before)
        #expect("\([1, 2, 3].map { $0 * 2 })" == "[2, 4, 6]")
    }
}
