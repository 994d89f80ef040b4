import CMemory
import Foundation
import Testing

@Suite("The memory used by the start") struct StartupMemoryTests {
    /// Resident pages of mapped files in this process, in KiB.
    private func residentFilePages() throws -> Int {
        let status = try String(decoding: #require(try FileHandle(forReadingAtPath: "/proc/self/status")?.readToEnd()), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }

    @Test("is released, and needed pages return by themselves") func release() throws {
        let before = try residentFilePages()
        release_program_pages()
        // Everything that has run since, including other tests, was read from the files again.
        #expect(try residentFilePages() < before)
        #expect("\([1, 2, 3].map { $0 * 2 })" == "[2, 4, 6]")
    }
}
