/// What a filter or a JSON text ran into. Not retriable: the same filter on the same input fails again.
///
/// `message` may quote the input, as jq's own messages do: whoever runs filters over secrets redacts it before it is shown.
public struct JQError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The filter is not a program; `line` counts from 1 within the filter.
        case compile(line: Int)
        /// The text is not JSON, or is nested deeper than libjq's 256 levels.
        case json
        /// The filter does not fit its input, or called `error`.
        case runtime
        /// The filter gave more outputs than the caller allows.
        case tooManyOutputs
    }

    public var kind: Kind
    /// libjq's message.
    public var message: String
    /// The filter's text; empty where a JSON text is at fault.
    public var filter: String

    public init(_ kind: Kind, message: String, filter: String = "") {
        self.kind = kind
        self.message = message
        self.filter = filter
    }

    public var description: String { filter.isEmpty ? message : "\(message), in the filter \(filter)" }
}
