import Testing

@testable import Archive

extension ArchiveSuites {
    @Suite("A zip") struct ZipTests {
        let text = PackedBytes.text(400_000)
        let other = PackedBytes.text(1000, seed: 2)

        @Test(
            "gives its files in order, whatever the chunk boundaries", arguments: [1, 7, 4096, 1_000_000],
            ["", "compression=store", "zip64"])
        func files(chunk: Int, options: String) async throws {
            let text = chunk == 1 ? Array(text.prefix(20_000)) : text
            let packed = PackedBytes.zip(
                [.file("b.csv", text), .directory("sub/"), .file("sub/a b.csv", other), .file("empty", [])],
                options: options)
            #expect(
                try await unpack(packed, chunk: chunk) == [
                    UnpackedFile(path: "b.csv", bytes: text), UnpackedFile(path: "sub/a b.csv", bytes: other),
                    UnpackedFile(path: "empty"),
                ])
        }

        @Test("reports the sizes of its files if it knows them") func sizes() async throws {
            let reader = ArchiveReader(.zip, source: source(PackedBytes.zip([.file("a", text)], options: "compression=store")))
            #expect(try await reader.nextEntry() == ArchiveEntry(path: "a", size: Int64(text.count)))
        }

        @Test("continues with the next file when one is unread or partly read") func skipping() async throws {
            let reader = ArchiveReader(
                .zip, source: source(PackedBytes.zip([.file("a", text), .file("b", text), .file("c", other)])))
            #expect(try await reader.nextEntry()?.path == "a")
            _ = try await reader.read()
            #expect(try await reader.nextEntry()?.path == "b")
            #expect(try await reader.nextEntry()?.path == "c")
            #expect(try await reader.read() == other)
            #expect(try await reader.read() == nil)
            #expect(try await reader.nextEntry() == nil)
            #expect(try await reader.nextEntry() == nil)
        }

        @Test("keeps names in UTF-8 in any locale") func names() async throws {
            let packed = PackedBytes.zip([.file("données/日本.csv", other)])
            #expect(try await unpack(packed).map(\.path) == ["données/日本.csv"])
        }

        @Test("decodes its old names as code page 437") func oldNames() {
            let bytes: [UInt8] = [0x81, 0x62, 0x65, 0x72, 0xE1]
            #expect(bytes.withUnsafeBufferPointer { ZipName.decode($0) } == "überß")
        }

        @Test("without entries gives no file") func empty() async throws {
            #expect(try await unpack(PackedBytes.zip([])) == [])
        }

        @Test("with a wrong CRC is corrupt, and the error names the entry", arguments: ["compression=store", "compression=deflate"])
        func checksum(options: String) async throws {
            var packed = PackedBytes.zip([.file("first", other), .file("bad", text)], options: options)
            let place = try #require(packed.lastRange(of: "bad"))  // streaming does not read the directory's copy of the header
            let local = try #require(packed.firstRange(of: "bad"))
            #expect(place != local)
            packed[local + 3 + 5000] ^= 1
            let error = try #require(await failure(packed))
            #expect(error.kind == .corrupt)
            #expect(error.entry == "bad")
        }

        @Test("that is truncated at any point is corrupt") func truncated() async {
            let packed = PackedBytes.zip([.file("a", Array(other.prefix(300))), .directory("d/"), .file("b", [1, 2, 3])])
            for length in 0..<packed.count {
                #expect(await failure(Array(packed.prefix(length)), .zip)?.kind == .corrupt, "of \(length) bytes")
            }
        }

        @Test("with data after its end is corrupt") func garbage() async {
            #expect(await failure(PackedBytes.zip([.file("a", other)]) + [0])?.kind == .corrupt)
        }

        @Test("with a damaged entry header is corrupt, not one entry shorter") func damagedHeader() async throws {
            var packed = PackedBytes.zip([.file("a", other), .file("bbb", other), .file("c", other)], options: "compression=store")
            let name = try #require(packed.firstRange(of: "bbb"))
            packed[name - 30] ^= 0xFF
            #expect(await failure(packed)?.kind == .corrupt)
        }

        @Test("that is encrypted is reported as encrypted", arguments: ["encryption=traditional", "encryption=aes256"]) func encrypted(
            options: String
        ) async throws {
            let packed = PackedBytes.zip([.file("secret", text)], options: options, password: "x")
            let error = try #require(await failure(packed))
            #expect(error.kind == .encrypted)
            #expect(error.entry == "secret")
            #expect(!error.isRetriable)
        }

        @Test("with a symbolic link is rejected") func link() async throws {
            let packed = PackedBytes.zip([.link("link", to: "/etc/passwd")], options: "experimental")
            #expect(await failure(packed)?.kind == .unsupported)
        }

        @Test("is required: other data is rejected") func notZip() async {
            #expect(await failure(text, .zip)?.kind == .corrupt)
            #expect(await failure([], .zip)?.kind == .corrupt)
        }

        @Test("with 70,000 entries is counted beyond two bytes") func many() async throws {
            let packed = PackedBytes.zip((0..<70_000).map { .file("\($0)", []) }, options: "compression=store")
            #expect(try await unpack(packed).count == 70_000)
        }
    }
}

extension [UInt8] {
    func firstRange(of text: String) -> Int? {
        let wanted = Array(text.utf8)
        return (0...(count - wanted.count)).first { self[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
    func lastRange(of text: String) -> Int? {
        let wanted = Array(text.utf8)
        return (0...(count - wanted.count)).last { self[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
}
