public import Logging

/// How log lines look.
public enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object a line, for machines.
    case json
    /// Short time, level and message, coloured on a terminal, for people.
    case text

    /// Makes this the format of all loggers of the process. At most once a process, before the first logger is made.
    /// - Parameters:
    ///   - level: the least level that is written.
    ///   - metadata: fields of every line, such as the role.
    public func bootstrap(level: Logger.Level, metadata: Logger.Metadata = [:]) {
        LoggingSystem.bootstrap(
            { label, provider in handler(label: label, level: level, metadata: metadata, provider: provider) },
            metadataProvider: nil)
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
