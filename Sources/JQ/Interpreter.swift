import CJq

/// A `jq_state` with a compiled program.
final class Interpreter {
    // Unsafe pointer: libjq's handle, freed in deinit and never shared.
    private var state: OpaquePointer?

    /// - Throws: `JQError` of kind `.compile`.
    init(filter: String) throws(JQError) {
        state = jq_init()
        let messages = Messages()
        jq_set_error_cb(state, Messages.collect, Unmanaged.passUnretained(messages).toOpaque())
        let compiled = jq_compile(state, Prelude.text + filter)
        jq_set_error_cb(state, { jv_free($1) }, nil)
        // Without a callback, `input` fails with an uncaught `break`.
        jq_set_input_cb(state, { _, _ in jv_invalid_with_msg(jv_string("the filter has only one input")) }, nil)
        guard compiled != 0 else {
            jq_teardown(&state)
            throw messages.error(filter: filter)
        }
    }

    deinit { if state != nil { jq_teardown(&state) } }

    func first(_ input: JQValue, filter: String) throws(JQError) -> JQValue? {
        jq_start(state, input.copy, 0)
        defer { release() }
        return try next(filter: filter)
    }

    func run(_ input: JQValue, limit: Int, filter: String) throws(JQError) -> [JQValue] {
        jq_start(state, input.copy, 0)
        defer { release() }
        var outputs: [JQValue] = []
        while let output = try next(filter: filter) {
            guard outputs.count < limit else {
                throw JQError(.tooManyOutputs, message: "more than \(limit) outputs", filter: filter)
            }
            outputs.append(output)
        }
        return outputs
    }

    private func next(filter: String) throws(JQError) -> JQValue? {
        let output = jq_next(state)
        if jv_get_kind(output) != JV_KIND_INVALID { return JQValue(owning: output) }
        guard jv_invalid_has_msg(jv_copy(output)) != 0 else {
            jv_free(output)
            return nil
        }
        throw Self.failure(output, filter: filter)
    }

    /// Releases the input, which the stack of an unfinished run would otherwise keep until the next run.
    private func release() { jq_start(state, jv_null(), 0) }

    /// Consumes the invalid value.
    static func failure(_ invalid: jv, filter: String) -> JQError {
        JQError(.runtime, message: JQValue(owning: jv_invalid_get_msg(invalid)).text, filter: filter)
    }
}
