import Glibc
import Synchronization
import Testing

@testable import Archive

extension ArchiveSuites {
    @Suite("An archive reader") struct ArchiveReaderTests {
        let text = PackedBytes.text(3_000_000)

        @Test("tells gzip, zip and neither by the first bytes", arguments: [1, 100_000]) func detection(chunk: Int) async throws {
            let text = Array(text.prefix(5000))
            #expect(try await unpack(PackedBytes.gzip(text), chunk: chunk) == [UnpackedFile(bytes: text)])
            #expect(try await unpack(PackedBytes.zip([.file("a", text)]), chunk: chunk) == [UnpackedFile(path: "a", bytes: text)])
            #expect(try await unpack(text, chunk: chunk) == [UnpackedFile(bytes: text)])
            #expect(try await unpack([0x1F], chunk: chunk) == [UnpackedFile(bytes: [0x1F])])
            #expect(try await unpack([], chunk: chunk) == [UnpackedFile()])
        }

        @Test("says which compression it found") func compression() async throws {
            let reader = ArchiveReader(.auto, source: source(PackedBytes.gzip(text)))
            #expect(await reader.compression == .auto)
            _ = try await reader.nextEntry()
            #expect(await reader.compression == .gzip)
        }

        @Test("passes a gzip through unread when no compression is expected") func none() async throws {
            let packed = PackedBytes.gzip(text)
            #expect(try await unpack(packed, .none) == [UnpackedFile(bytes: packed)])
        }

        @Test("stops at the limits of entries, bytes and ratio") func limits() async throws {
            let zip = PackedBytes.zip([.file("a", text), .directory("d/"), .file("c", text)])
            #expect(await failure(zip, limits: ArchiveLimits(maxEntries: 2))?.kind == .tooManyEntries)
            #expect(await failure(zip, limits: ArchiveLimits(maxEntries: 3)) == nil)
            #expect(await failure(zip, limits: ArchiveLimits(maxUnpackedBytes: 5_999_999))?.kind == .tooLarge)
            #expect(await failure(zip, limits: ArchiveLimits(maxUnpackedBytes: 6_000_000)) == nil)
            #expect(await failure(text, limits: ArchiveLimits(maxUnpackedBytes: 2_999_999))?.kind == .tooLarge)

            let bomb = PackedBytes.gzip([UInt8](repeating: 0, count: 20_000_000))
            let error = try #require(await failure(bomb, limits: ArchiveLimits(maxRatio: 100, ratioGrace: 1_000_000)))
            #expect(error.kind == .ratioExceeded)
            #expect(!error.isRetriable)
            #expect(await failure(bomb, limits: ArchiveLimits(maxRatio: 100, ratioGrace: 30_000_000)) == nil)
        }

        @Test("requests packed bytes only when they are needed") func backPressure() async throws {
            let asked = Mutex(0)
            let packed = PackedBytes.gzip(text)
            let bytes = source(packed, chunk: 1000)
            let reader = ArchiveReader(.gzip) {
                asked.withLock { $0 += 1 }
                return try await bytes()
            }
            #expect(asked.withLock { $0 } == 0)
            _ = try await reader.nextEntry()
            _ = try await reader.read()
            #expect(asked.withLock { $0 } < packed.count / 1000 / 4)
        }

        @Test("rethrows an error of the source as its cause") func sourceFails() async throws {
            struct Lost: Error, Equatable {}
            let bytes = source(Array(PackedBytes.gzip(text).prefix(100_000)), chunk: 1000)
            let reader = ArchiveReader(.auto) {
                guard let chunk = try await bytes() else { throw Lost() }
                return chunk
            }
            _ = try await reader.nextEntry()
            let error = await #expect(throws: ArchiveError.self) { while try await reader.read() != nil {} }
            #expect(error?.kind == .source)
            #expect(error?.cause is Lost)
            #expect(await threadsEnd())
            let again = await #expect(throws: ArchiveError.self) { try await reader.nextEntry() }
            #expect(again?.kind == .source)
        }

        @Test("ends its thread when it is released halfway") func abandoned() async throws {
            try await openAndForget()
            #expect(await threadsEnd())
        }

        private func openAndForget() async throws {
            let before = threads()
            let reader = ArchiveReader(.auto, source: source(PackedBytes.gzip(text), chunk: 1000))
            _ = try await reader.nextEntry()
            _ = try await reader.read()
            #expect(!threads().subtracting(before).isEmpty)
            await reader.compression.discard()
        }

        @Test("ends its thread when it is closed halfway, and tells a later reader") func closed() async throws {
            for kind in [PackedBytes.gzip(text), PackedBytes.zip([.file("a", text)])] {
                let reader = ArchiveReader(.auto, source: source(kind))
                _ = try await reader.nextEntry()
                await reader.close()
                #expect(await threadsEnd())
                let error = await #expect(throws: ArchiveError.self) { try await reader.read() }
                #expect(error?.kind == .closed)
            }
        }

        @Test("ends its thread when its task is cancelled", arguments: [true, false]) func cancelled(inSource: Bool) async throws {
            let (waiting, signal) = AsyncStream.makeStream(of: Void.self)
            let packed = PackedBytes.gzip(text)
            let bytes = source(packed, chunk: packed.count / 2)
            let first = Mutex(true)
            let reader = ArchiveReader(.gzip) {
                if first.withLock({ first in
                    defer { first = false }
                    return first
                }) {
                    return try await bytes()
                }
                signal.yield()
                // One source responds to cancellation, the other does not.
                if inSource { try await Task.sleep(for: .seconds(600)) } else { while !Task.isCancelled { await Task.yield() } }
                return try await bytes()
            }
            let reading = Task {
                while try await reader.nextEntry() != nil { while try await reader.read() != nil {} }
            }
            for await _ in waiting { break }
            reading.cancel()
            let error = await #expect(throws: ArchiveError.self) { try await reading.value }
            #expect(error?.kind == .cancelled)
            #expect(await threadsEnd())
        }

        @Test("rejects a second caller during a read") func twoCallers() async throws {
            let (waiting, signal) = AsyncStream.makeStream(of: Void.self)
            let (release, go) = AsyncStream.makeStream(of: Void.self)
            let reader = ArchiveReader(.auto) {
                signal.yield()
                for await _ in release { break }
                return nil
            }
            let first = Task { try await reader.nextEntry() }
            for await _ in waiting { break }
            let error = await #expect(throws: ArchiveError.self) { try await reader.nextEntry() }
            #expect(error?.kind == .closed)
            go.yield()
            #expect(try await first.value != nil)
        }

        /// Waits until all current unpacking threads have ended.
        private func threadsEnd() async -> Bool {
            let deadline = ContinuousClock.now + .seconds(60), known = threads()
            while !threads().isDisjoint(with: known) {
                if ContinuousClock.now > deadline { return false }
                await Task.yield()
            }
            return true
        }

        /// The ids of this process's unpacking threads. Worker tests may start some meanwhile; these end too.
        private func threads() -> Set<String> {
            guard let folder = opendir("/proc/self/task") else { return ["none can be seen"] }
            defer { closedir(folder) }
            var found: Set<String> = []
            while let entry = readdir(folder) {
                let id = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { continue }
                defer { fclose(file) }
                var name = [UInt8](repeating: 0, count: 32)
                let length = fread(&name, 1, 32, file)
                if name.prefix(length).elementsEqual("archive\n".utf8) { found.insert(id) }
            }
            return found
        }
    }
}

extension Compression {
    /// Keeps the reader alive until here.
    fileprivate func discard() {}
}
