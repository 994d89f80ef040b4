import Archive
import ExportCore
import TestServers
import Testing

@testable import Worker

@Suite("The names of a job's objects", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct FileNameTests {
    private static let body = Array("id\n1\n".utf8)

    private static func packed(_ format: ArchiveWriter.Format, _ entries: [String]) throws -> [UInt8] {
        let writer = try ArchiveWriter(format)
        for entry in entries {
            try writer.begin(name: entry, bytes: body.count)
            try writer.write(body)
        }
        try writer.finish()
        return writer.take()
    }

    @Test("lose the endings of packed files, even if the files are not packed") func unpacked() async throws {
        let gzip = try Self.packed(.gzip, ["x"])
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer([
                "a.csv.gz": [.init(gzip)], "b.csv.gzip": [.init(gzip)], "c.tgz": [.init(gzip)], "d.svgz": [.init(gzip)],
                "e.rds": [.init(gzip)],
                "f.csv.gz": [.init(Self.body)], "g.csv.gz": [.init([UInt8]())],
            ])
            #expect(
                result.objects == [
                    "a.csv": Self.body, "b.csv": Self.body, "c.tar": Self.body, "d.svg": Self.body, "e.rds": gzip, "f.csv": Self.body,
                    "g.csv": [],
                ])
            let manifest = try await fixture.manifest(of: result.id)
            #expect(manifest.objects.allSatisfy { $0.listedName == nil })
        }
    }

    @Test("are those that the downloads tell, if the listing has none") func told() async throws {
        let gzip = try Self.packed(.gzip, ["x"])
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(
                [
                    "0": [
                        .init("later", "Content-Disposition: attachment; filename=\"r.csv\"", status: 500),
                        .init(Self.body, "Content-Disposition: attachment; filename=\"r.csv\""),
                    ],
                    "1": [.init(gzip, "Content-Disposition: attachment; filename*=UTF-8''na%C3%AFve.csv.gz")],
                    "2": [.init(Self.body, "Content-Disposition: attachment; filename=\"über.csv\"")],
                    "3": [.init(Self.body, "Content-Disposition: attachment; filename=\"other.csv\"")],
                    "4": [.init(Self.body)],
                ]
            ) { if $0.name != "3" { $0.namedBy = .url } }
            #expect(result.objects.keys.sorted() == ["3", "4", "naïve.csv", "r.csv", "über.csv"])
            #expect(result.objects.values.allSatisfy { $0 == Self.body })
        }
    }

    @Test("get the file's number if two downloads tell the same") func same() async throws {
        try await WorkerFixture.run { fixture in
            let answer = ScriptedFiles.Answer(Self.body, "Content-Disposition: attachment; filename=r.csv")
            let result = try await fixture.transfer(["0": [answer], "1": [answer]]) { $0.namedBy = .url }
            #expect([["r.csv", "1-r.csv"].sorted(), ["r.csv", "0-r.csv"].sorted()].contains(result.objects.keys.sorted()))
        }
    }

    @Test("of documents keep documents whole, and tell what they are") func documents() async throws {
        let workbook = try Self.packed(.zip, ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"])
        let type = "Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer([
                "a": [.init(workbook, type)], "b": [.init(workbook, "Content-Disposition: attachment; filename=x.xlsm")],
                "c.xlsx": [.init(workbook)], "d.zip": [.init(workbook)],
            ])
            #expect(
                result.objects.keys.sorted() == [
                    "a.xlsx", "b.xlsm", "c.xlsx", "d/[Content_Types].xml", "d/_rels/.rels", "d/xl/workbook.xml",
                ])
            #expect(result.objects["a.xlsx"] == workbook)
            let manifest = try await fixture.manifest(of: result.id)
            #expect(manifest.objects.first { $0.name == "a.xlsx" }?.listedName == "a")
        }
    }

    @Test("lead back to the listing, if they differ from it") func listed() async throws {
        try await WorkerFixture.run { fixture in
            let result = try await fixture.transfer(["0": [.init(Self.body)], "1": [.init(Self.body)]]) {
                $0.listedName = $0.name == "0" ? "../a.csv" : "manifest.json"
                $0.name = $0.name == "0" ? "_/a.csv" : "manifest.json"
            }
            #expect(result.objects.keys.sorted() == ["_/a.csv", "_manifest.json"])
            let manifest = try await fixture.manifest(of: result.id)
            #expect(manifest.objects.compactMap(\.listedName).sorted() == ["../a.csv", "manifest.json"])
        }
    }

    @Test("fit into a path after they got an extension or a number") func long() async throws {
        let workbook = try Self.packed(.zip, ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"])
        let name = String(repeating: "é", count: 127)
        try await WorkerFixture.run { fixture in
            let told = ScriptedFiles.Answer(
                Self.body, "Content-Disposition: attachment; filename*=UTF-8''\(String(repeating: "x", count: 250)).csv")
            let result = try await fixture.transfer(["0": [.init(workbook)], "1": [told], "2": [told]]) {
                if $0.name == "0" { $0.name = name } else { $0.namedBy = .url }
            }
            #expect(result.failures.isEmpty)
            #expect(result.objects.count == 3)
            #expect(result.objects.keys.allSatisfy { $0.utf8.count <= 255 })
            #expect(result.objects.keys.contains { $0.hasPrefix("éé") && $0.hasSuffix("é.xlsx") })
            #expect(result.objects.keys.count { $0.hasSuffix("x.csv") } == 2)
        }
    }
}
