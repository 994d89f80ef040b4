import JobStore
import Tracing

/// The span of an attempt at a file, in the submitter's trace.
enum TransferSpan {
    static func run(
        _ claimed: ClaimedFile, traceparent: String?, _ body: @Sendable () async -> TransferOutcome
    ) async -> TransferOutcome {
        var context = ServiceContext.topLevel
        if let traceparent {
            InstrumentationSystem.instrument.extract(traceparent, into: &context, using: TraceparentExtractor())
        }
        return await withSpan("transfer", context: context, ofKind: .consumer) { span in
            span.attributes["longhaul.job.id"] = claimed.job.id.text
            span.attributes["longhaul.provider"] = claimed.job.request.provider
            span.attributes["longhaul.file"] = claimed.file.name
            span.attributes["longhaul.attempt"] = claimed.attempt
            let outcome = await body()
            if let failure = outcome.failure {
                span.setStatus(SpanStatus(code: .error, message: failure.message))
                span.attributes["error.type"] = failure.code
                if let answer = failure.answer { span.attributes["longhaul.answer"] = answer.description }
            }
            return outcome
        }
    }
}

/// A carrier that is one `traceparent` header (W3C Trace Context).
private struct TraceparentExtractor: Extractor {
    func extract(key: String, from carrier: String) -> String? { key == "traceparent" ? carrier : nil }
}
