import Foundation
import Testing

/// A metric is defined once, by an instrument, which the metrics page and its documentation read.
@Suite("A metric") struct MetricTests {
    @Test("is made by its instrument only, so that none lacks a help text") func instruments() throws {
        var others: [String] = []
        for file in ProjectSources.swiftFiles("Sources") {
            guard !["Sources/Instruments/", "Sources/Telemetry/Metrics/"].contains(where: file.path().contains) else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            if text.contains(#/\b(?:Counter|Gauge|Meter|Recorder|Timer)\(\s*label:/#) { others.append(file.lastPathComponent) }
        }
        #expect(others == [])
    }
}
