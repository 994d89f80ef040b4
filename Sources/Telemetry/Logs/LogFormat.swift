public import Logging
import TraceContext

/// The format of log lines.
public enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object per line, for machines.
    case json
    /// Time of day, level and message, coloured on a terminal, for people.
    case text

    /// Sets this format for all loggers of the process. Call at most once per process, before the first logger is created.
    /// - Parameters:
    ///   - level: the minimum level that is written.
    ///   - metadata: fields of every line, such as the role.
    public func bootstrap(level: Logger.Level, metadata: Logger.Metadata = [:]) {
        LoggingSystem.bootstrap(
            { label, provider in handler(label: label, level: level, metadata: metadata, provider: provider) },
            metadataProvider: Self.currentSpan)
    }

    /// `trace_id` and `span_id` in lines that are written within a recorded span.
    static let currentSpan = Logger.MetadataProvider {
        guard let span = Traces.sampled else { return [:] }
        return ["trace_id": "\(span.traceID)", "span_id": "\(span.spanID)"]
    }

    func handler(
        label: String, level: Logger.Level, metadata: Logger.Metadata, provider: Logger.MetadataProvider?,
        output: LogOutput = .standardError
    ) -> any LogHandler {
        switch self {
        case .json:
            JSONLogHandler(label: label, level: level, metadata: metadata, metadataProvider: provider, output: output)
        case .text:
            TextLogHandler(label: label, level: level, metadata: metadata, metadataProvider: provider, output: output)
        }
    }
}
