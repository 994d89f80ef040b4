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

/// Writes metrics as text, in one of the formats.
struct TextExposition {
    private let format: ExpositionFormat
    private(set) var text = ""

    private init(_ format: ExpositionFormat) { self.format = format }

    /// Families sorted by name and series by labels, so that two scrapes can be compared by eye.
    static func text(of families: [String: ExposedFamily], in format: ExpositionFormat = .text) -> String {
        var exposition = TextExposition(format)
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.samples.isEmpty {
            exposition.append(name, family)
        }
        return exposition.text + (format == .openMetrics ? "# EOF\n" : "")
    }

    private mutating func append(_ name: String, _ family: ExposedFamily) {
        let head = head(of: name, family.kind)
        if !family.help.isEmpty { text += "# HELP \(head.name) \(escaped(help: family.help))\n" }
        text += "# TYPE \(head.name) \(head.type)\n"
        if format == .openMetrics, let unit = Self.units.first(where: { head.name.hasSuffix("_\($0)") }) {
            text += "# UNIT \(head.name) \(unit)\n"
        }
        for (labels, sample) in family.samples.sorted(by: { $0.key < $1.key }) {
            switch sample {
            case .single(let value): line(name, labels, Self.number(value))
            case .histogram(let contents, let bounds): histogram(name, labels, contents, bounds)
            }
        }
    }

    /// OpenMetrics names the family of a counter without `_total`, and knows no counter whose samples have another name.
    private func head(of name: String, _ kind: MetricKind) -> (name: String, type: String) {
        guard format == .openMetrics, kind == .counter else { return (name, kind.rawValue) }
        return name.hasSuffix(Self.total) ? (String(name.dropLast(Self.total.count)), kind.rawValue) : (name, "unknown")
    }

    private static let total = "_total"
    /// Base units of Prometheus, as names end in them.
    private static let units = ["seconds", "bytes", "ratio"]

    private mutating func histogram(_ name: String, _ labels: LabelText, _ contents: HistogramCell.Contents, _ bounds: [Double]) {
        var total: UInt64 = 0
        for (bucket, (count, bound)) in zip(contents.counts, bounds + [.infinity]).enumerated() {
            total += count
            line("\(name)_bucket", labels.adding("le", self.bound(bound)), String(total) + exemplar(contents.exemplars[bucket]))
        }
        line("\(name)_sum", labels, Self.number(contents.sum))
        line("\(name)_count", labels, String(total))
    }

    /// A trace in which a value of the bucket was recorded (OpenMetrics 1.0, "Exemplars"); the other format has none.
    private func exemplar(_ exemplar: HistogramCell.Exemplar?) -> String {
        guard format == .openMetrics, let exemplar else { return "" }
        let milliseconds = String(exemplar.at / 1_000_000 % 1000 + 1000).dropFirst()
        return " # {trace_id=\"\(exemplar.traceID)\"} \(Self.number(exemplar.value)) \(exemplar.at / 1_000_000_000).\(milliseconds)"
    }

    /// OpenMetrics writes bounds as floats, also those that are whole numbers.
    private func bound(_ value: Double) -> String {
        let text = Self.number(value)
        return format == .openMetrics && text.allSatisfy(\.isNumber) ? text + ".0" : text
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

    private func escaped(help: String) -> String {
        var result = ""
        for scalar in help.unicodeScalars {
            switch scalar {
            case "\\": result += #"\\"#
            case "\n": result += #"\n"#
            case "\"" where format == .openMetrics: result += #"\""#
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
