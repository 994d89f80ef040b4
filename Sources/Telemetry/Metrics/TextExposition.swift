/// The values of one name at scrape time.
struct ExposedFamily {
    enum Sample {
        case single(Double)
        case histogram(HistogramCell.Contents, bounds: [Double])
    }

    let kind: MetricKind
    var help = ""
    var samples: [LabelText: Sample] = [:]
}

/// The text format of Prometheus, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct TextExposition {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Families sorted by name and series by labels, so that two scrapes can be compared by eye.
    static func text(of families: [String: ExposedFamily]) -> String {
        var exposition = TextExposition()
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.samples.isEmpty {
            exposition.append(name, family)
        }
        return exposition.text
    }

    private mutating func append(_ name: String, _ family: ExposedFamily) {
        if !family.help.isEmpty { text += "# HELP \(name) \(Self.escaped(help: family.help))\n" }
        text += "# TYPE \(name) \(family.kind.rawValue)\n"
        for (labels, sample) in family.samples.sorted(by: { $0.key < $1.key }) {
            switch sample {
            case .single(let value): line(name, labels, Self.number(value))
            case .histogram(let contents, let bounds): histogram(name, labels, contents, bounds)
            }
        }
    }

    private mutating func histogram(_ name: String, _ labels: LabelText, _ contents: HistogramCell.Contents, _ bounds: [Double]) {
        var total: UInt64 = 0
        for (count, bound) in zip(contents.counts, bounds + [.infinity]) {
            total += count
            line("\(name)_bucket", labels.adding("le", Self.number(bound)), String(total))
        }
        line("\(name)_sum", labels, Self.number(contents.sum))
        line("\(name)_count", labels, String(total))
    }

    private mutating func line(_ name: String, _ labels: LabelText, _ value: String) {
        text += labels.text.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels.text)} \(value)\n"
    }

    /// Uses Go's notation for non-finite values, and no fraction for integers.
    static func number(_ value: Double) -> String {
        if value == .infinity { return "+Inf" }
        if value == -.infinity { return "-Inf" }
        if value.isNaN { return "NaN" }
        if let whole = Int64(exactly: value), abs(value) < 1e15 { return String(whole) }
        return value.description
    }

    private static func escaped(help: String) -> String {
        var result = ""
        for scalar in help.unicodeScalars {
            switch scalar {
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
