/// An error of a filter or a JSON text. Not retriable: the same filter fails again on the same input.
///
/// `message` may quote the input, as jq's own messages do: callers whose inputs contain secrets must redact it before they show it.
public struct JQError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The filter does not compile; `line` counts from 1 within the filter.
        case compile(line: Int)
        /// The text is not JSON, or is nested deeper than libjq's 256 levels.
        case json
        /// The filter does not match its input, or called `error`.
        case runtime
        /// The filter produced more outputs than the caller allows.
        case tooManyOutputs
    }

    public var kind: Kind
    /// libjq's message.
    public var message: String
    /// The filter's text; empty if a JSON text caused the error.
    public var filter: String

    public init(_ kind: Kind, message: String, filter: String = "") {
        self.kind = kind
        self.message = message
        self.filter = filter
    }

    public var description: String { filter.isEmpty ? message : "\(message), in the filter \(filter)" }
}
