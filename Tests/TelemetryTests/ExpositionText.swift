import Testing

/// A parser of the text format 0.0.4 that is as strict as Prometheus's own and checks the same as `promtool check metrics`:
/// the grammar of names, labels and values, one TYPE before the samples of a name, no duplicate series, cumulative buckets.
struct ExpositionText {
    /// The values by series, as written.
    private(set) var samples: [String: Double] = [:]
    private(set) var types: [String: String] = [:]

    init(_ text: String) throws {
        try #require(text.isEmpty || text.hasSuffix("\n"), "the last line must end in a line feed")
        var family: (name: String, type: String)?
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)/) {
                guard match.1 == "TYPE" else { continue }
                let name = String(match.2)
                try #require(types[name] == nil, "two TYPE lines of \(name)")
                types[name] = String(match.3)
                family = (name, String(match.3))
            } else {
                try addSample(line, of: family)
            }
        }
        try checkHistograms()
    }

    private mutating func addSample(_ line: Substring, of family: (name: String, type: String)?) throws {
        let grammar = /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*",?)*\})? ([^ ]+)/
        let match = try #require(line.wholeMatch(of: grammar), "no sample: \(line)")
        let value = try #require(Self.value(match.3), "no value: \(line)")
        let family = try #require(family, "no TYPE before \(line)")
        let allowed = family.type == "histogram" ? ["_bucket", "_sum", "_count"].map { family.name + $0 } : [family.name]
        try #require(allowed.contains(String(match.1)), "\(line) stands under \(family.name)")
        let series = String(match.1) + (match.2.map(String.init) ?? "")
        try #require(samples.updateValue(value, forKey: series) == nil, "twice: \(series)")
    }

    private func checkHistograms() throws {
        for (name, type) in types where type == "histogram" {
            let counts = samples.filter { $0.key.hasPrefix("\(name)_count") }
            try #require(!counts.isEmpty)
            for (series, count) in counts {
                let labels = series.dropFirst("\(name)_count".count).dropFirst().dropLast()
                let prefix = "\(name)_bucket{" + (labels.isEmpty ? "" : "\(labels),")
                let buckets = samples.filter { $0.key.hasPrefix("\(prefix)le=") }
                    .compactMap { key, value in Self.value(key.dropFirst(prefix.count + 4).dropLast(2)).map { ($0, value) } }
                    .sorted { $0.0 < $1.0 }
                try #require(buckets.last?.0 == .infinity && buckets.last?.1 == count)
                try #require(zip(buckets, buckets.dropFirst()).allSatisfy { $0.1 <= $1.1 })
            }
        }
    }

    private static func value(_ text: Substring) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.contains(/[a-zA-DF-Z]/) ? nil : Double(text)
        }
    }
}
