import CJq

/// A compiled filter that can run many times, on the thread that compiled it.
///
/// Plain paths such as `.response.body.id` are evaluated with `jv_get`, as libjq's interpreter would. They need no compilation,
/// whereas `jq_compile` takes 20 ms to parse jq's own library.
///
/// Only the number of outputs limits a run. A filter that loops without output (`def f: f; f`) runs forever, one that builds a
/// value without end exhausts memory, and libjq 1.6 cannot stop either. Filters must therefore come from operators, never from API
/// responses.
public final class JQProgram {
    /// The source text of the filter.
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
    /// - Parameter limit: the maximum number of outputs; a run with more ends with `.tooManyOutputs`.
    /// - Throws: `JQError` of kind `.runtime` or `.tooManyOutputs`.
    public func run(_ input: JQValue, limit: Int = 100_000) throws(JQError) -> [JQValue] {
        switch engine {
        case .path(let keys): [try walk(keys, input)]
        case .interpreter(let interpreter): try interpreter.run(input, limit: limit, filter: filter)
        }
    }

    /// The first output, `nil` if the filter has none.
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
