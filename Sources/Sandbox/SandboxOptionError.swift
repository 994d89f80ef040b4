/// A configuration value that cannot be used, as one line for the person who wrote it.
public struct SandboxOptionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The option that was set, such as `duration`, or the key of a request's body.
    public var option: String
    /// The text that was given for it.
    public var value: String
    /// What is wrong with it, and what would be right.
    public var problem: String

    public init(option: String, value: String, problem: String) {
        self.option = option
        self.value = value
        self.problem = problem
    }

    public var description: String { "\(option)=\(value): \(problem)" }
}
