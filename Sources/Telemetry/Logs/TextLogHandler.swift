public import Logging
import Encoding
import Glibc

/// Writes lines for people: local time, level (coloured on a terminal, unless `NO_COLOR` is set), label, message, `key=value`
/// pairs.
public struct TextLogHandler: LogHandler {
    public var metadata: Logger.Metadata
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let output: LogOutput
    private let isColoured: Bool

    /// - Parameter isColoured: `nil` colours if the output is a terminal.
    public init(
        label: String, level: Logger.Level = .info, metadata: Logger.Metadata = [:],
        metadataProvider: Logger.MetadataProvider? = nil, output: LogOutput = .standardError, isColoured: Bool? = nil
    ) {
        self.label = label
        self.logLevel = level
        self.metadata = metadata
        self.metadataProvider = metadataProvider
        self.output = output
        // https://no-color.org
        self.isColoured = isColoured ?? (output.isTerminal && getenv("NO_COLOR") == nil)
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line: [UInt8] = []
        line.reserveCapacity(256)
        UTCTime.localNow.appendTimeOfDay(to: &line)
        line.append(contentsOf: " \(name(of: event.level)) \(label): ".utf8)
        Self.append(event.message.description, to: &line)
        LogFields.forEach(metadata, metadataProvider?.get(), event.errorFields, event.metadata) { key, value in
            line.append(UInt8(ascii: " "))
            Self.append(key, to: &line)
            line.append(UInt8(ascii: "="))
            Self.append(Self.text(value), to: &line)
        }
        line.append(UInt8(ascii: "\n"))
        output.write(line: line)
    }

    private func name(of level: Logger.Level) -> String {
        let name = level.rawValue.uppercased()
        let padded = name + String(repeating: " ", count: max(0, 8 - name.count))
        guard isColoured else { return padded }
        let colour =
            switch level {
            case .trace, .debug: "2"
            case .info: "32"
            case .notice: "36"
            case .warning: "33"
            case .error, .critical: "31"
            }
        return "\u{1b}[\(colour)m\(padded)\u{1b}[0m"
    }

    private static func text(_ value: LogFields.Value) -> String {
        switch value {
        case .text(let text): text.contains(" ") ? "\"\(text)\"" : text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .boolean(let flag): String(flag)
        case .list(let values): "[\(values.map(text).joined(separator: ", "))]"
        }
    }

    /// Escapes control characters: external text must not start a line or send commands to the terminal.
    private static func append(_ text: String, to line: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                line.append(contentsOf: scalar.escaped(asASCII: true).utf8)
            } else {
                line.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}
