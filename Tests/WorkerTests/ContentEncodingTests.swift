import Archive
import Crypto
import Encoding
import ExportCore
import TestServers
import Testing

@testable import Worker

@Suite("A download with a Content-Encoding", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct ContentEncodingTests {
    private static let rows = (0..<5000).flatMap { Array("\($0),row\n".utf8) }

    @Test("is stored without it, and a lie is stored as it is") func undone() async throws {
        let (rows, packed) = (Self.rows, try Packed.gzip(Self.rows))
        let coding = "Content-Encoding: gzip"
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer([
                "once.csv": [.init(packed, coding)], "upper.csv": [.init(packed, "Content-Encoding: GZIP")],
                "single.csv.gz": [.init(packed, "Content-Encoding: x-gzip")], "over.csv.gz": [.init(try Packed.gzip(packed), coding)],
                "twice.csv": [.init(try Packed.gzip(packed), "Content-Encoding: gzip, gzip")],
                "lines.csv": [.init(try Packed.gzip(packed), coding, coding)],
                "lie.csv": [.init(rows, coding)], "utf8.csv": [.init(rows, "Content-Encoding: utf-8")],
                "empty.csv": [.init([UInt8](), coding)],
            ])
            let expected = ["once.csv", "upper.csv", "single.csv", "over.csv", "twice.csv", "lines.csv", "lie.csv", "utf8.csv"]
            #expect(result.failures.isEmpty)
            #expect(result.objects.keys.sorted() == (expected + ["empty.csv"]).sorted())
            for name in expected { #expect(result.objects[name] == rows, "\(name)") }
            #expect(result.objects["empty.csv"] == [])
        }
    }

    @Test("is undone when files stay packed, too, and may stand for the gzip that the provider file asks for", arguments: ["none", "gzip"])
    func rules(unpack: String) async throws {
        let packed = try Packed.gzip(Self.rows)
        try await WorkerFixture.run(provider: "download: { unpack: \(unpack) }\n") { fixture in
            let result = try await fixture.transfer([
                "a.csv": [.init(packed, "Content-Encoding: gzip")], "b.csv.gz": [.init(packed)],
                "c.csv.gz": [.init(try Packed.gzip(packed), "Content-Encoding: gzip")],
            ])
            #expect(result.failures.isEmpty)
            let expected =
                unpack == "none"
                ? ["a.csv": Self.rows, "b.csv.gz": packed, "c.csv.gz": packed]
                : ["a.csv": Self.rows, "b.csv": Self.rows, "c.csv": Self.rows]
            #expect(result.objects == expected)
        }
    }

    @Test("that is cut is corrupt, and fetched again") func cut() async throws {
        let packed = try Packed.gzip(Self.rows)
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer([
                "a.csv": [
                    .init(Array(packed.prefix(packed.count / 2)), "Content-Encoding: gzip", hasLength: false),
                    .init(packed, "Content-Encoding: gzip"),
                ]
            ])
            #expect(result.objects == ["a.csv": Self.rows])
            #expect(result.failures == ["file 0 attempt 1 content-encoding-corrupt"])
        }
    }

    @Test("may be promised with or without it: size and checksum", arguments: [true, false]) func promised(isServed: Bool) async throws {
        let packed = try Packed.gzip(Self.rows)
        let promised = isServed ? packed : Self.rows
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(["a.csv": [.init(packed, "Content-Encoding: gzip")]]) {
                $0.bytes = Int64(promised.count)
                $0.sha256 = Hexadecimal.text(SHA256.hash(data: promised))
            }
            #expect(result.objects == ["a.csv": Self.rows])
        }
    }

    @Test("that is neither as promised is refused") func mismatch() async throws {
        let packed = try Packed.gzip(Self.rows)
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(["a.csv": [.init(packed, "Content-Encoding: gzip")]]) { $0.bytes = 7 }
            #expect(result.objects.isEmpty)
            #expect(result.failures.first == "file 0 attempt 1 size-mismatch")
        }
    }

    @Test("that is coded twice, or an archive below a coding, expands no further than one alone", arguments: ["gzip, gzip", "gzip"])
    func stacked(coding: String) async throws {
        // Members that compress to a hundredth, and each is like the others.
        let member = try Packed.gzip((0..<80).map { UInt8(($0 * 73 + 41) % 251) } + [UInt8](repeating: 0, count: 12_000))
        let body = try Packed.gzip((0..<300).flatMap { _ in member })
        var configuration = WorkerFixture.configuration
        configuration.archives.ratioGrace = 1 << 20
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(["a": [.init(body, "Content-Encoding: \(coding)")]], configuration: configuration)
            #expect(result.objects.isEmpty)
            #expect(result.failures == ["file 0 attempt 1 archive-ratio-exceeded"])
        }
    }

    @Test("that is coded more than twice is refused") func tooMany() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(["a.csv": [.init(Self.rows, "Content-Encoding: gzip, br, gzip")]])
            #expect(result.failures == ["file 0 attempt 1 too-many-codings"])
        }
    }

    @Test("that is none of its server's word is corrupt, and fetched again") func otherBytes() async throws {
        let zlib: [UInt8] = [0x78, 0x9C] + (try Packed.gzip(Self.rows)).dropFirst(10)
        try await WorkerFixture.run { fixture in
            let coding = "Content-Encoding: gzip"
            let result = try await fixture.transfer(["a.csv": [.init(zlib, coding), .init(try Packed.gzip(Self.rows), coding)]])
            #expect(result.objects == ["a.csv": Self.rows])
            #expect(result.failures == ["file 0 attempt 1 content-encoding-corrupt"])
        }
    }
}
