/// Compiles filters with libjq. Each `JQ` compiles the same text only once.
///
/// Intentionally not `Sendable`: all jq of a process runs on one thread, see `JQValue`. Filters cannot access the environment or
/// files; `input` has no further inputs; `debug` and `stderr` produce no output.
public final class JQ {
    private var programs: [String: JQProgram] = [:]

    public init() {}

    /// - Throws: `JQError` of kind `.compile`, with libjq's first message and its line.
    public func compile(_ filter: String) throws(JQError) -> JQProgram {
        if let program = programs[filter] { return program }
        let program = try Self.program(filter)
        programs[filter] = program
        return program
    }

    private static func program(_ filter: String) throws(JQError) -> JQProgram {
        if let path = PlainPath.keys(of: filter) { return JQProgram(filter: filter, path: path) }
        if filter.utf8.contains(0) { throw JQError(.compile(line: 1), message: "the filter contains a NUL", filter: filter) }
        if filter.allSatisfy(\.isWhitespace) { throw JQError(.compile(line: 1), message: "the filter is empty", filter: filter) }
        return JQProgram(filter: filter, interpreter: try Interpreter(filter: filter))
    }
}
