/// An invalid configuration value, described in one line.
public struct SandboxOptionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The option, such as `duration`, or the key of a request's body.
    public var option: String
    /// The given text.
    public var value: String
    /// What is wrong, and what is expected.
    public var problem: String

    public init(option: String, value: String, problem: String) {
        self.option = option
        self.value = value
        self.problem = problem
    }

    public var description: String { "\(option)=\(value): \(problem)" }
}
