import Foundation

/// The forms that variables of OpenTelemetry have.
extension Settings {
    func flag(_ name: String) throws -> Bool { try choice(name, ["true", "false"]) == "true" }

    func choice(_ name: String, _ choices: [String]) throws -> String {
        let value = try required(name).lowercased()
        guard choices.contains(value) else { throw Problem.usage("\(name)=\(value): must be \(choices.joined(separator: " or "))") }
        return value
    }

    /// The variable for traces, if it is set, or else that for all signals.
    func otlpName(_ name: String) throws -> String {
        try text("OTEL_EXPORTER_OTLP_TRACES_\(name)") == nil ? "OTEL_EXPORTER_OTLP_\(name)" : "OTEL_EXPORTER_OTLP_TRACES_\(name)"
    }

    func otlp(_ name: String, _ choices: [String]) throws -> String { try choice(otlpName(name), choices) }

    func milliseconds(_ name: String, _ range: ClosedRange<Int>) throws -> Duration { .milliseconds(try number(name, range)) }

    func collectorHeaders() throws -> [(name: String, value: String)] {
        let name = try otlpName("HEADERS")
        return try pairs(name).map { pair in
            guard pair.key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }),
                pair.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { throw Problem.usage("\(name): a name or value cannot be a header; write NAME=VALUE,NAME=VALUE, percent-encoded") }
            return (pair.key, pair.value)
        }
    }

    /// What is known of this process. OTEL_RESOURCE_ATTRIBUTES counts over it, and OTEL_SERVICE_NAME over that.
    func traceResource(_ role: String) throws -> [(key: String, value: String)] {
        var resource = [
            "service.name": "longhaul-\(role)", "service.version": Build.version, "service.instance.id": try processName(),
            "telemetry.sdk.language": "swift", "telemetry.sdk.name": "longhaul", "telemetry.sdk.version": Build.version,
        ]
        for (key, value) in try pairs("OTEL_RESOURCE_ATTRIBUTES") { resource[key] = value }
        if let name = try text("OTEL_SERVICE_NAME") { resource["service.name"] = name }
        return resource.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// `KEY=VALUE,…`, percent-encoded as in W3C Baggage.
    private func pairs(_ name: String) throws -> [(key: String, value: String)] {
        try (text(name) ?? "").split(separator: ",").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let words = parts.compactMap { $0.trimmingCharacters(in: .whitespaces).removingPercentEncoding }
            guard words.count == 2, !words[0].isEmpty else {
                throw Problem.usage("\(name): write KEY=VALUE,KEY=VALUE, percent-encoded")
            }
            return (words[0], words[1])
        }
    }
}
