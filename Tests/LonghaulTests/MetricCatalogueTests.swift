import Foundation
import Instruments
import Testing

@testable import longhaul

@Suite("The metrics") struct MetricCatalogueTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("are those that ops/docs/metrics.md describes") func page() throws {
        let page = try String(contentsOf: Self.root.appending(path: "ops/docs/metrics.md"), encoding: .utf8)
        #expect(page.contains(MetricCatalogue.markdown), "write `longhaul metrics --markdown` into the page")
    }

    /// An instrument that no service names would have no help text and no row.
    @Test("are all that the sources define") func complete() throws {
        var defined: [String] = []
        let files = try #require(FileManager.default.enumerator(at: Self.root.appending(path: "Sources"), includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" && !file.path().contains("/Instruments/") {
            let text = try String(contentsOf: file, encoding: .utf8)
            let code = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
            defined += code.matches(of: #/(?:Counter|Gauge|Timer|Histogram)Instrument\(\s*"(\w+)"/#).map { String($0.1) }
        }
        #expect(defined.sorted() == MetricCatalogue.entries.map(\.instrument.name))
    }

    @Test("are named as Prometheus asks") func names() {
        for entry in MetricCatalogue.entries {
            let instrument = entry.instrument
            #expect(instrument.name.hasSuffix("_total") == (instrument.kind == .counter), "\(instrument.name)")
            #expect(instrument.help.hasSuffix("."), "\(instrument.name)")
            #expect(!instrument.name.contains(#/_(ms|milliseconds|minutes|kb|mb)(_|$)/#), "\(instrument.name) has base units")
            #expect(instrument.labels.allSatisfy { !["id", "job", "url", "host", "instance"].contains($0) }, "\(instrument.name)")
            #expect(!entry.roles.isEmpty)
        }
    }

    @Test("are listed as JSON, an object on each line") func json() throws {
        let lines = MetricCatalogue.json.split(separator: "\n")
        #expect(lines.count == MetricCatalogue.entries.count)
        for line in lines {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(Set(object.keys) == ["name", "kind", "labels", "roles", "help"])
        }
    }
}
