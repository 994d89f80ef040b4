import HTTPClient
public import Logging
import Retry
public import ServiceLifecycle
import Synchronization

/// Sends the spans of a queue to a collector: a batch when it is complete, and what there is when it has waited for long enough.
///
/// One batch is on its way at a time. While the collector is away, attempts go on with growing pauses, the queue fills, and further spans are
/// dropped: nothing in the program waits for this.
public struct TraceExporter: Service {
    private let configuration: TraceExportConfiguration
    private let queue: SpanQueue
    private let client: OTLPClient
    private let logger: Logger
    private let closing = Closing()

    /// The pauses between attempts at a batch; an answer may ask for longer ones.
    private static let backoff = Backoff(base: .seconds(1), cap: .seconds(5))

    /// - Parameter http: of its own; the caller shuts it down after `run` has returned.
    public init(_ configuration: TraceExportConfiguration, queue: SpanQueue, http: HTTPClient, logger: Logger) {
        (self.configuration, self.queue, self.logger) = (configuration, queue, logger)
        client = OTLPClient(configuration: configuration, http: http)
    }

    /// Exports until the shutdown or its cancellation, and then what is left, for the time that the configuration gives.
    public func run() async {
        let clock = Task {
            // Cancelled at the end.
            while (try? await Task.sleep(for: configuration.delay)) != nil { queue.wake() }
        }
        // A cancelled task sends nothing.
        let work = Task {
            for await _ in queue.wakeups { await exportAll() }
            await exportAll()
        }
        closing.whenLate { work.cancel() }
        await withTaskCancellationOrGracefulShutdownHandler {
            await work.value
        } onCancelOrGracefulShutdown: {
            close()
        }
        clock.cancel()
    }

    /// Lets `run` export what is left, and end.
    public func close() {
        closing.begin(within: configuration.shutdownTimeout)
        queue.close()
    }

    private func exportAll() async {
        while true {
            let spans = queue.next()
            if spans.isEmpty { return }
            await export(spans)
        }
    }

    private func export(_ spans: [SpanRecord]) async {
        let begun = ContinuousClock.now
        var attempt = 0
        while true {
            let left = min(begun + configuration.batchTimeout, closing.deadline ?? .now + configuration.batchTimeout) - .now
            guard left > .zero else { return give(up: spans) }
            do throws(OTLPClient.Failure) {
                let answer = try await client.send(spans, within: min(configuration.requestTimeout, left))
                return taken(spans.count, answer)
            } catch {
                queue.metrics.countFailure(error.reason)
                closing.tell(error.text, to: logger)
                let pause = max(Self.backoff.delay(attempt: attempt), error.retryAfter ?? .zero)
                guard error.isRetriable, pause < left else { return give(up: spans) }
                attempt += 1
                await closing.pause(pause)
            }
        }
    }

    private func give(up spans: [SpanRecord]) { queue.metrics.failed.increment(by: spans.count) }

    private func taken(_ count: Int, _ answer: (rejected: Int, why: String)) {
        let rejected = min(answer.rejected, count)
        queue.metrics.exported.increment(by: count - rejected)
        if rejected > 0 { queue.metrics.rejected.increment(by: rejected) }
        if rejected > 0 { closing.tell("\(rejected) spans were rejected: \(answer.why)", to: logger) } else { closing.recovered(logger) }
    }
}
