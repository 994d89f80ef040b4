import CJq

/// A filter that was compiled once, to be run many times on the thread that made it.
///
/// Plain paths such as `.response.body.id` are walked by `jv_get`, which is what libjq's interpreter does for them; compiling
/// one costs nothing, where `jq_compile` takes 20 ms to parse jq's own library.
///
/// What bounds a run is the number of its outputs. A filter that loops without giving any (`def f: f; f`) runs for ever, and one
/// that builds without end takes all memory, libjq 1.6 has no way to stop either: filters come from operators, never from answers.
public final class JQProgram {
    /// The filter as it was written.
    public let filter: String
    private let engine: Engine

    private enum Engine {
        case path([JQValue])
        case interpreter(Interpreter)
    }

    init(filter: String, path: [JQValue]) {
        self.filter = filter
        engine = .path(path)
    }

    init(filter: String, interpreter: Interpreter) {
        self.filter = filter
        engine = .interpreter(interpreter)
    }

    /// All outputs.
    /// - Parameter limit: the most outputs, after which the run ends with `.tooManyOutputs`.
    /// - Throws: `JQError` of kind `.runtime` or `.tooManyOutputs`.
    public func run(_ input: JQValue, limit: Int = 100_000) throws(JQError) -> [JQValue] {
        switch engine {
        case .path(let keys): [try walk(keys, input)]
        case .interpreter(let interpreter): try interpreter.run(input, limit: limit, filter: filter)
        }
    }

    /// The first output, `nil` where the filter gives none.
    /// - Throws: `JQError` of kind `.runtime`.
    public func first(_ input: JQValue) throws(JQError) -> JQValue? {
        switch engine {
        case .path(let keys): try walk(keys, input)
        case .interpreter(let interpreter): try interpreter.first(input, filter: filter)
        }
    }

    private func walk(_ keys: [JQValue], _ input: JQValue) throws(JQError) -> JQValue {
        var value = input.copy
        for key in keys {
            value = jv_get(value, key.copy)
            guard jv_get_kind(value) != JV_KIND_INVALID else { throw Interpreter.failure(value, filter: filter) }
        }
        return JQValue(owning: value)
    }
}
