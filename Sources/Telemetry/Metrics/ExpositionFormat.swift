/// The formats in which metrics are served.
public enum ExpositionFormat: String, Sendable, CaseIterable {
    /// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
    case text = "text/plain; version=0.0.4; charset=utf-8"
    /// https://prometheus.io/docs/specs/om/open_metrics_spec/
    case openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    public var contentType: String { rawValue }

    /// The format that a client prefers: OpenMetrics only if it asks for this version by name, as Prometheus does (RFC 9110, section 12.5.1).
    /// - Parameter accept: its `Accept` header.
    public init(accept: String?) {
        let ranges = (accept ?? "").split(separator: ",").map(MediaRange.init)
        let openMetrics = ranges.filter { $0.type == "application/openmetrics-text" && ($0.version ?? "1.0.0") == "1.0.0" }
        let text = ranges.filter { ["text/plain", "text/*", "*/*"].contains($0.type) }
        let best = openMetrics.map(\.weight).max() ?? 0
        self = best > 0 && best >= text.map(\.weight).max() ?? 0 ? .openMetrics : .text
    }

    private struct MediaRange {
        let type: String
        var weight = 1.0
        var version: String?

        init(_ text: Substring) {
            let parts = text.split(separator: ";").map { $0.trimming(while: \.isWhitespace) }
            type = parts.first?.lowercased() ?? ""
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimming { $0.isWhitespace || $0 == "\"" } }
                guard pair.count == 2 else { continue }
                switch pair[0].lowercased() {
                case "q": weight = Double(pair[1]) ?? 0
                case "version": version = String(pair[1])
                default: break
                }
            }
        }
    }
}

extension Substring {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> Substring {
        let start = drop(while: isTrimmed)
        guard let last = start.lastIndex(where: { !isTrimmed($0) }) else { return start.prefix(0) }
        return start[...last]
    }
}
