import CArchive
import Testing

@testable import Archive

extension ArchiveSuites {
    @Suite("A body with a content coding") struct ContentDecoderTests {
        private static let text = PackedBytes.text(300_000)

        private func decode(_ bytes: [UInt8], _ coding: ContentCoding, chunk: Int = 64 * 1024) async throws -> [UInt8] {
            let decoder = ContentDecoder(coding, source: source(bytes, chunk: chunk))
            var decoded: [UInt8] = []
            while let chunk = try await decoder.next() { decoded += chunk }
            return decoded
        }

        private static let coded: [(ContentCoding, [UInt8])] = [
            (.gzip, PackedBytes.gzip(text)),
            (.gzip, PackedBytes.gzip(Array(text.prefix(1000))) + PackedBytes.gzip(Array(text.dropFirst(1000)))),
            (.deflate, PackedBytes.gzip(text, bits: MAX_WBITS)), (.deflate, PackedBytes.gzip(text, bits: -MAX_WBITS)),
            (.zstd, PackedBytes.zstd(text)), (.zstd, PackedBytes.zstd(Array(text.prefix(9))) + PackedBytes.zstd(Array(text.dropFirst(9)))),
        ]

        @Test("is decoded, whatever the chunk boundaries", arguments: [7, 4096, 1_000_000], coded)
        func decoded(chunk: Int, body: (coding: ContentCoding, bytes: [UInt8])) async throws {
            #expect(try await decode(body.bytes, body.coding, chunk: chunk) == Self.text)
        }

        @Test("br is decoded") func brotli() async throws {
            // From the encoder of brotli, at its highest quality.
            let packed: [UInt8] = [
                0x1B, 0x50, 0x00, 0x88, 0x8C, 0x94, 0x6E, 0xDE, 0x44, 0x09, 0x52, 0x86, 0xD6, 0x0A, 0x2C, 0x6C, 0x6F, 0x60, 0x03, 0x0E,
                0x1C,
                0xE2, 0x14, 0x82, 0x51, 0xEE, 0x40, 0x42, 0xE3, 0xF1, 0x5C, 0x2D, 0x19, 0x49, 0x58, 0x0F,
            ]
            let text = Array(String(repeating: "hello, hello, hello, world\n", count: 3).utf8)
            for chunk in [1, 100] { #expect(try await decode(packed, .br, chunk: chunk) == text) }
            await #expect(throws: ArchiveError.self) { try await decode(packed.dropLast(), .br) }
        }

        @Test("that is cut or damaged is corrupt", arguments: coded) func cut(body: (coding: ContentCoding, bytes: [UInt8])) async {
            for length in [20, body.bytes.count / 2, body.bytes.count - 1] {
                await #expect(throws: ArchiveError.self, "\(length) bytes") {
                    try await decode(Array(body.bytes.prefix(length)), body.coding)
                }
            }
        }

        @Test("that it does not have passes through unchanged, and so does an empty one", arguments: ContentCoding.allCases)
        func lie(coding: ContentCoding) async throws {
            let bodies: [[UInt8]] = [
                [], Array("i".utf8), Array("id,name\n1,x\n".utf8), Array("{\"a\":1}".utf8), Array("Grüße, 日本\n".utf8), Self.text,
                coding == .gzip ? Array("PAR1".utf8) : PackedBytes.gzip(Self.text),
            ]
            for body in bodies { #expect(try await decode(body, coding) == body, "\(body.prefix(10))") }
        }

        @Test("that is a lie is no reason to refuse text in any encoding, or a known format", arguments: ContentCoding.allCases)
        func plain(coding: ContentCoding) async throws {
            let tar = [UInt8](repeating: 0, count: 257) + Array("ustar".utf8) + [UInt8](repeating: 0, count: 250)
            let bodies: [[UInt8]] = [
                [0x47, 0x72, 0xFC, 0xDF, 0x65, 0x0A], (0..<300).map { $0 % 30 == 29 ? 0x0A : 0xC0 + UInt8($0 % 30) },
                [0xFF, 0xFE, 0x69, 0x00, 0x64, 0x00], Array("Obj".utf8) + [1, 4, 0x16], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
                tar,
            ]
            for body in bodies { #expect(try await decode(body, coding) == body, "\(body.prefix(10))") }
        }

        @Test("that is another one is corrupt", arguments: [ContentCoding.gzip, .zstd]) func other(coding: ContentCoding) async {
            let bodies: [[UInt8]] = [
                PackedBytes.gzip(Self.text, bits: MAX_WBITS), PackedBytes.gzip(Self.text, bits: -MAX_WBITS),
                PackedBytes.gzip(Array("id,name\n1,x\n".utf8), bits: MAX_WBITS), [0x1B, 0x50, 0x00, 0x88, 0x8C, 0x94, 0x6E, 0xDE],
                [0x1F, 0x8B, 0x09, 0, 0, 0],
            ]
            for body in bodies {
                let error = await #expect(throws: ArchiveError.self, "\(body.prefix(10))") { try await decode(body, coding) }
                #expect(error?.kind == .corrupt)
            }
        }

        @Test("deflate is not seen in text that begins like it") func deflateLikeText() async throws {
            let starts = ["[{\"id\":1}]", "sku;qty\n", "[", "{", "s", "c", "+", "HK,x\n", "x^2\n"]
            for start in starts {
                for count in [0, 1, 20, 900] {
                    let body = Array((start + String(repeating: "a;1\n", count: count)).utf8)
                    #expect(try await decode(body, .deflate) == body, "\(start) and \(count) rows")
                }
            }
        }

        @Test("that expands beyond the limits is refused") func bomb() async {
            var limits = ArchiveLimits()
            limits.maxUnpackedBytes = 1 << 20
            let packed = PackedBytes.gzip([UInt8](repeating: 0, count: 2 << 20))
            let decoder = ContentDecoder(.gzip, limits: limits, source: source(packed))
            let error = await #expect(throws: ArchiveError.self) { while try await decoder.next() != nil {} }
            #expect(error?.kind == .tooLarge)
        }

        @Test(
            "is named by its header",
            arguments: [
                ("gzip", [ContentCoding.gzip]), ("GZIP", [.gzip]), ("x-gzip", [.gzip]), ("deflate, gzip", [.deflate, .gzip]),
                ("identity", []),
                ("utf-8", []), ("aws-chunked,gzip", [.gzip]), ("br", [.br]), (" zstd ;q=1", [.zstd]), ("", []), (",,", []),
            ])
        func names(field: String, expected: [ContentCoding]) {
            #expect(ContentCoding.list(field) == expected)
        }
    }
}
