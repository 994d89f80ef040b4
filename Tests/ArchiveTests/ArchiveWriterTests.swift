import Testing

@testable import Archive

extension ArchiveSuites {
    @Suite("An archive writer") struct ArchiveWriterTests {
        private let text = PackedBytes.text(300_000)

        private func packed(_ format: ArchiveWriter.Format, _ files: [UnpackedFile]) throws -> [UInt8] {
            let writer = try ArchiveWriter(format)
            var packed: [UInt8] = []
            for file in files {
                try writer.begin(name: file.path ?? "content", bytes: file.bytes.count)
                for start in stride(from: 0, to: file.bytes.count, by: 65_536) {
                    try writer.write(Array(file.bytes[start..<min(start + 65_536, file.bytes.count)]))
                    packed += writer.take()
                }
            }
            try writer.finish()
            return packed + writer.take()
        }

        @Test("writes a gzip that the reader unpacks") func gzip() async throws {
            #expect(try await unpack(packed(.gzip, [UnpackedFile(bytes: text)]), .gzip) == [UnpackedFile(bytes: text)])
        }

        @Test("writes a zip that the reader unpacks") func zip() async throws {
            let files = [UnpackedFile(path: "a.csv", bytes: text), UnpackedFile(path: "empty"), UnpackedFile(path: "b/c", bytes: [1])]
            #expect(try await unpack(packed(.zip, files), .zip) == files)
        }

        @Test("writes the same bytes for the same input", arguments: [ArchiveWriter.Format.gzip, .zip])
        func deterministic(format: ArchiveWriter.Format) throws {
            let files = [UnpackedFile(path: "a", bytes: text)]
            #expect(try packed(format, files) == packed(format, files))
        }

        @Test("refuses a second entry of a gzip") func second() throws {
            let file = UnpackedFile(path: "a", bytes: [1])
            #expect(throws: ArchiveWriterError.self) { try packed(.gzip, [file, file]) }
        }
    }
}
