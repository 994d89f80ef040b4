import CJq

/// Collects the messages of `jq_compile`.
final class Messages {
    private var texts: [String] = []

    /// A `jq_msg_cb`; it consumes the message.
    static let collect: @convention(c) (UnsafeMutableRawPointer?, jv) -> Void = { context, message in
        let text = JQValue(owning: message).text
        if let context { Unmanaged<Messages>.fromOpaque(context).takeUnretainedValue().texts.append(text) }
    }

    /// libjq writes `jq: error: WHAT at <top-level>, line N:` and the line, which includes the prelude.
    func error(filter: String) -> JQError {
        var what = texts.first ?? "the filter does not compile"
        var line = 1
        if let place = what.firstRange(of: " at <top-level>, line ") {
            line = Int(what[place.upperBound...].prefix { $0.isNumber }) ?? 1
            what = String(what[..<place.lowerBound])
        }
        for remark in ["jq: error: ", " (Unix shell quoting issues?)"] {
            if let range = what.firstRange(of: remark) { what.removeSubrange(range) }
        }
        if let end = what.firstRange(of: "$end") { what.replaceSubrange(end, with: "end of the filter") }
        return JQError(.compile(line: line), message: what, filter: filter)
    }
}
