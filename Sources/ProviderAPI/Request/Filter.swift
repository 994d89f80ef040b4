import ExportCore
import JQ

/// A compiled filter of the provider file, with its position for messages.
struct Filter {
    let program: JQProgram
    let parts: ContextParts
    /// The path of the key that holds it.
    let field: String
    var trace: FilterTrace?

    /// The first output; `nil` if there is none.
    /// - Throws: `filter-failed`, permanent, if the filter fails for its input.
    func first(_ context: JQValue) throws(Failure) -> JQValue? {
        do throws(JQError) {
            let value = try program.first(context)
            tell(value.map { [$0] } ?? [])
            return value
        } catch {
            throw failure(error)
        }
    }

    func all(_ context: JQValue) throws(Failure) -> [JQValue] {
        do throws(JQError) {
            let values = try program.run(context)
            tell(values)
            return values
        } catch {
            throw failure(error)
        }
    }

    private func tell(_ outputs: [JQValue]) {
        guard let trace, !trace.isPaused else { return }
        trace.note?(field, program.filter, outputs)
    }

    func isTrue(_ context: JQValue) throws(Failure) -> Bool { try first(context)?.isTruthy ?? false }

    /// Whether it may read the HTTP code of the answer.
    var readsHTTPStatus: Bool { program.filter.contains(".response.status") }

    /// The path of the key whose filter failed: the message begins with it.
    static func field(ofFailure message: String) -> Substring { message.prefix { $0 != ":" } }

    private func failure(_ error: JQError) -> Failure {
        let cause = error.message.prefix(Redaction.searched)
        return Failure(.permanent, code: "filter-failed", message: "\(field): \(cause), in the filter \(error.filter)")
    }
}
