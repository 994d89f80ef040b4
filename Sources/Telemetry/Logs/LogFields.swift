import Logging

/// The metadata of one line: merged, flattened, sorted by key, with secrets masked.
enum LogFields {
    /// The maximum bytes of a message or value, so that log collectors accept the line.
    static let textLimit = 8192

    enum Value {
        case text(String)
        case integer(Int64)
        case number(Double)
        case boolean(Bool)
        case list([Value])
    }

    /// - Parameters:
    ///   - sources: later ones take precedence.
    ///   - body: called for each field; nested keys are joined by dots.
    static func forEach(_ sources: Logger.Metadata?..., body: (String, Value) -> Void) {
        // Does not merge dictionaries, which would be copied for each line. The sort is stable, so the last of equal keys is the
        // latest.
        var merged: [(key: String, value: Logger.MetadataValue)] = []
        for case let source? in sources { merged.append(contentsOf: source.lazy.map { ($0.key, $0.value) }) }
        merged.sort { $0.key < $1.key }
        visit(merged, prefix: "", body: body)
    }

    private static func visit(_ sorted: [(key: String, value: Logger.MetadataValue)], prefix: String, body: (String, Value) -> Void) {
        for (index, (key, value)) in sorted.enumerated() {
            if index + 1 < sorted.count, sorted[index + 1].key == key { continue }
            let path = prefix.isEmpty ? key : "\(prefix).\(key)"
            if SecretKeys.contains(key) {
                body(path, .text(SecretKeys.mask))
            } else if case .dictionary(let nested) = value {
                visit(nested.map { ($0.key, $0.value) }.sorted { $0.key < $1.key }, prefix: path, body: body)
            } else {
                body(path, plain(value))
            }
        }
    }

    private static func plain(_ value: Logger.MetadataValue) -> Value {
        switch value {
        case .string(let text): .text(text)
        case .stringConvertible(let value as any BinaryInteger): Int64(exactly: value).map(Value.integer) ?? .text("\(value)")
        case .stringConvertible(let value as Double): .number(value)
        case .stringConvertible(let value as Bool): .boolean(value)
        case .stringConvertible(let value): .text(value.description)
        case .array(let values): .list(values.map(plain))
        case .dictionary(let nested):
            .list(
                nested.sorted { $0.key < $1.key }.map { key, value in
                    .text("\(key)=\(SecretKeys.contains(key) ? SecretKeys.mask : value.description)")
                })
        }
    }
}

extension LogEvent {
    /// The event's error as fields beside the metadata.
    var errorFields: Logger.Metadata? {
        error.map { ["error": .string(String(describing: $0)), "errorType": .string(String(describing: type(of: $0)))] }
    }
}
