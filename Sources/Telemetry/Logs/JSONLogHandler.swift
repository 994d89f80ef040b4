import Encoding
public import Logging

/// Writes one JSON object per line: `timestamp` (RFC 3339, UTC, milliseconds), `level`, `label`, `message`, then the metadata in one
/// level (`correlationId`, `jobId`, `provider`, `status` …), with nested keys joined by dots. A metadata key equal to one of those
/// four gets the prefix `metadata.`; values of keys that suggest secrets are masked.
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
        var line = JSONWriter(capacity: 512, escapes: .logs, textLimit: LogFields.textLimit)
        line.object { line in
            line.field("timestamp", .now)
            line.field("level", event.level.rawValue)
            line.field("label", label)
            line.field("message", event.message.description)
            LogFields.forEach(metadata, metadataProvider?.get(), event.errorFields, event.metadata) { key, value in
                line.field(Self.reserved.contains(key) ? "metadata.\(key)" : key, value)
            }
        }
        line.endLine()
        output.write(line: line.bytes)
    }

    private static let reserved: Set<String> = ["timestamp", "level", "label", "message"]
}

extension JSONWriter {
    fileprivate mutating func field(_ key: String?, _ value: LogFields.Value) {
        switch value {
        case .text(let text): field(key, text)
        case .integer(let number): field(key, number)
        case .number(let number): field(key, number)
        case .boolean(let flag): field(key, flag)
        case .list(let values):
            array(key) { list in
                for element in values { list.field(nil, element) }
            }
        }
    }
}
