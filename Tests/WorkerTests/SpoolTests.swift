import EventThread
import ExportCore
import Foundation
import Testing

@testable import Worker

@Suite("The spool")
struct SpoolTests {
    private let thread = EventThread(name: "spool-test")
    private let folder = FileManager.default.temporaryDirectory.path

    @Test("returns what was put in, on disk or not")
    func roundTrip() async throws {
        let spool = Spool(in: folder, limit: 64 << 20, on: thread)
        let pieces = (0..<40).map { number in [UInt8](repeating: UInt8(number), count: number * 4001) }
        var ranges: [Range<Int64>] = []
        for piece in pieces { ranges.append(try await spool.append(piece)) }
        for (piece, range) in zip(pieces, ranges).reversed() {
            let found = try await spool.read(range)
            #expect(found == piece)
        }
    }

    @Test("accepts no more than its limit")
    func limit() async throws {
        let spool = Spool(in: folder, limit: 10, on: thread)
        _ = try await spool.append([UInt8](repeating: 1, count: 10))
        let failure = await #expect(throws: Failure.self) { try await spool.append([1]) }
        #expect(failure?.code == "spool-limit")
    }

    @Test("that cannot be written is a transient failure")
    func noFolder() async throws {
        let spool = Spool(in: "/nonexistent-\(UUID().uuidString)", limit: 8 << 20, on: thread)
        let failure = await #expect(throws: Failure.self) { try await spool.append([UInt8](repeating: 1, count: 2 << 20)) }
        #expect(failure?.code == "spool-io")
        #expect(failure?.failureClass == .transient)
    }

    @Test("leaves no file behind")
    func unlinked() async throws {
        let own = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
        defer { do { try FileManager.default.removeItem(at: own) } catch { Issue.record(error) } }
        let spool = Spool(in: own.path, limit: 8 << 20, on: thread)
        let range = try await spool.append([UInt8](repeating: 7, count: 2 << 20))
        #expect(try FileManager.default.contentsOfDirectory(atPath: own.path).isEmpty)
        #expect(try await spool.read(range).count == 2 << 20)
    }
}
