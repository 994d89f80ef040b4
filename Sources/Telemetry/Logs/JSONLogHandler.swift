public import Logging

/// One JSON object a line: `time` (RFC 3339, UTC, milliseconds), `level`, `label`, `message`, then the metadata in one level
/// (`correlationId`, `jobId`, `provider`, `status` …), with the keys of nested dictionaries joined by dots. A metadata key that
/// is one of those four gets the prefix `metadata.`; values of keys that sound like secrets are masked.
public struct JSONLogHandler: LogHandler {
    public var metadata: Logger.Metadata
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let output: LogOutput

    public init(
        label: String, level: Logger.Level = .info, metadata: Logger.Metadata = [:],
        metadataProvider: Logger.MetadataProvider? = nil, output: LogOutput = .standardError
    ) {
        self.label = label
        self.logLevel = level
        self.metadata = metadata
        self.metadataProvider = metadataProvider
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line = JSONText()
        line.raw(#"{"time":""#)
        line.append { WallClock.utc().appendDateTime(to: &$0) }
        line.raw(#"","level":""#)
        line.raw(event.level.rawValue)
        line.raw(#"","label":"#)
        line.string(label)
        line.raw(#","message":"#)
        line.string(event.message.description, limit: LogFields.textLimit)
        LogFields.forEach(metadata, metadataProvider?.get(), event.errorFields, event.metadata) { key, value in
            line.raw(",")
            line.string(Self.reserved.contains(key) ? "metadata.\(key)" : key, limit: LogFields.textLimit)
            line.raw(":")
            line.value(value)
        }
        line.raw("}\n")
        output.write(line: line.bytes)
    }

    private static let reserved: Set<String> = ["time", "level", "label", "message"]
}

extension JSONText {
    fileprivate mutating func value(_ value: LogFields.Value) {
        switch value {
        case .text(let text): string(text, limit: LogFields.textLimit)
        case .integer(let number): self.number(number)
        case .number(let number): self.number(number)
        case .boolean(let flag): raw(flag ? "true" : "false")
        case .list(let values):
            raw("[")
            for (index, element) in values.enumerated() {
                if index > 0 { raw(",") }
                self.value(element)
            }
            raw("]")
        }
    }
}
