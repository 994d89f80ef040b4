import Foundation
import Testing

/// A metric has a help text on the metrics page and a row in a table beside the code that defines it.
@Suite("A metric") struct MetricTests {
    private struct Names {
        /// Names by which code creates a metric or a sample.
        var used: Set<String> = []
        /// Names with a help text, with repetitions.
        var described: [String] = []
        /// Names in tables, with repetitions.
        var listed: [String] = []
    }

    /// The files that can create a metric: all of them import a module with this word in its name, or stand in one.
    private static func files() throws -> [(name: String, text: String)] {
        try ProjectSources.swiftFiles("Sources").map { ($0.path(), try String(contentsOf: $0, encoding: .utf8)) }
            .filter { $0.1.contains("Metric") }
    }

    private static func names() throws -> Names {
        var names = Names()
        for (_, text) in try files() {
            let lines = text.split(separator: "\n")
            let code = lines.filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
            names.used.formUnion(
                code.matches(of: #/(?:Counter|Gauge|Meter|Recorder|Timer)\(\s*label: "(\w+)"/#).map { String($0.1) })
            // `counters` creates one counter for each outcome of a request.
            names.used.formUnion(code.matches(of: #/(?:MetricSample|counters)\(\s*"(\w+)"/#).map { String($0.1) })
            names.described += code.matches(of: #/describe\(\s*"(\w+)"/#).map { String($0.1) }
            if let table = code.firstMatch(of: #/static let help = \[([^\]]*)\]/#) {
                names.described += table.1.matches(of: #/"(\w+)":/#).map { String($0.1) }
            }
            names.listed += text.matches(of: #/\/\/\/ \| `(\w+)` \| (?:counter|gauge|timer) \|/#).map { String($0.1) }
        }
        return names
    }

    @Test("has one help text") func help() throws {
        let names = try Self.names()
        #expect(names.used.count > 40)
        #expect(names.used.subtracting(names.described).sorted() == [], "without a help text")
        #expect(Set(names.described).subtracting(names.used).sorted() == [], "have a help text, but are created nowhere")
        #expect(Self.repeated(names.described) == [], "have several help texts")
    }

    @Test("is listed in one table") func tables() throws {
        let names = try Self.names()
        #expect(names.used.subtracting(names.listed).sorted() == [], "in no table")
        #expect(Set(names.listed).subtracting(names.used).sorted() == [], "in a table, but created nowhere")
        #expect(Self.repeated(names.listed) == [], "in several tables")
    }

    /// A label that is computed elsewhere would escape the other tests.
    @Test("is created with its name as a literal") func literals() throws {
        var computed: [String] = []
        for (file, text) in try Self.files() where !file.contains("/Telemetry/Metrics/") {
            if text.contains(#/(?:Counter|Gauge|Meter|Recorder|Timer)\(\s*label: [^"]/#) { computed.append(file) }
        }
        // Its labels are arguments of `counters`.
        #expect(computed.map { URL(filePath: $0).lastPathComponent } == ["OrchestratorMetrics.swift"])
    }

    private static func repeated(_ names: [String]) -> [String] {
        Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
    }
}
