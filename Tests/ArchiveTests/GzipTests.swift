import Testing

@testable import Archive

extension ArchiveSuites {
    @Suite("A gzip") struct GzipTests {
        let text = PackedBytes.text(700_000)

        @Test("is unpacked completely, whatever the chunk boundaries", arguments: [1, 7, 4096, 100_000, 10_000_000]) func whole(chunk: Int)
            async throws
        {
            let text = chunk == 1 ? Array(text.prefix(20_000)) : text
            #expect(try await unpack(PackedBytes.gzip(text), chunk: chunk) == [UnpackedFile(bytes: text)])
        }

        @Test("with several members gives all of them, empty ones too", arguments: [1, 1000, 1_000_000]) func members(chunk: Int)
            async throws
        {
            let parts = [Array(text.prefix(5000)), [], Array(text.suffix(3000)), []]
            let packed = parts.flatMap { PackedBytes.gzip($0) }
            #expect(try await unpack(packed, chunk: chunk) == [UnpackedFile(bytes: Array(parts.joined()))])
        }

        @Test("of nothing is an empty file") func empty() async throws {
            #expect(try await unpack(PackedBytes.gzip([])) == [UnpackedFile()])
        }

        @Test("with a wrong CRC, or a wrong length, is corrupt", arguments: 1...8) func trailer(fromEnd: Int) async throws {
            var packed = PackedBytes.gzip(text)
            packed[packed.count - fromEnd] ^= 1
            let error = try #require(await failure(packed))
            #expect(error.kind == .corrupt)
            #expect(error.isRetriable)
        }

        @Test("with a wrong CRC in a member that is not the last is corrupt") func firstTrailer() async {
            var packed = PackedBytes.gzip(Array(text.prefix(100)))
            packed[packed.count - 6] ^= 0x80
            #expect(await failure(packed + PackedBytes.gzip(text))?.kind == .corrupt)
        }

        @Test("that is truncated at any point is corrupt") func truncated() async {
            let packed = PackedBytes.gzip(Array(text.prefix(2000)))
            for length in 1..<packed.count {
                #expect(await failure(Array(packed.prefix(length)), .gzip)?.kind == .corrupt, "of \(length) bytes")
            }
        }

        @Test(
            "with the damaged beginning of another member after its end is corrupt",
            arguments: [[0x1F], [0x1F, 0x8B], [0x1F, 0x8B, 9, 0], [0, 0, 0x1F], [0x1D, 0x8B, 8, 0], [0, 0x8B, 8, 0]])
        func damaged(after: [UInt8]) async {
            #expect(await failure(PackedBytes.gzip(text) + after)?.kind == .corrupt)
        }

        @Test(
            "is unpacked without the zeros or the text after its end, as by gzip itself",
            arguments: [[0], Array("garbage".utf8), Array("\r\n-- end of file --".utf8), [UInt8](repeating: 0, count: 512), [0, 0, 7]])
        func garbage(after: [UInt8]) async throws {
            for chunk in [1, 100_000] {
                let text = Array(text.prefix(5000))
                #expect(try await unpack(PackedBytes.gzip(text) + after, chunk: chunk) == [UnpackedFile(bytes: text)])
            }
        }

        @Test("continues after zeros between its members") func padded() async throws {
            let zeros = [UInt8](repeating: 0, count: 100)
            let packed = PackedBytes.gzip(Array("a".utf8)) + zeros + PackedBytes.gzip(Array("b".utf8)) + zeros
            #expect(try await unpack(packed) == [UnpackedFile(bytes: Array("ab".utf8))])
        }

        @Test("is not what only begins with its first two bytes") func magic() async throws {
            let text = Array("\u{1F}".utf8) + [0x8B] + Array(" but not gzip\n".utf8)
            #expect(try await unpack(text) == [UnpackedFile(bytes: text)])
        }

        @Test("is required: other data and an empty input are rejected") func notGzip() async {
            #expect(await failure(Array("id,name\n".utf8), .gzip)?.kind == .corrupt)
            #expect(await failure([], .gzip)?.kind == .corrupt)
        }

        @Test("with a flipped bit in its data is corrupt") func flipped() async {
            var packed = PackedBytes.gzip(text)
            packed[packed.count / 2] ^= 0x10
            #expect(await failure(packed)?.kind == .corrupt)
        }
    }
}
