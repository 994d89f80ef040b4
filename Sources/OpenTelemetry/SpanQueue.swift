import DequeModule
import Synchronization

/// The spans that wait for their export. It never makes anybody wait: a span that finds it full is dropped and counted.
public final class SpanQueue: Sendable {
    private let spans = Mutex(Deque<SpanRecord>())
    private let limit: Int
    private let batch: Int
    let metrics = SpanMetrics()
    /// An element when there is something to export: a batch is complete, or time is up.
    let wakeups: AsyncStream<Void>
    private let waking: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - limit: the most spans that wait (`OTEL_BSP_MAX_QUEUE_SIZE`).
    ///   - batch: the most spans of an export (`OTEL_BSP_MAX_EXPORT_BATCH_SIZE`).
    public init(limit: Int = 2048, batch: Int = 512) {
        (self.limit, self.batch) = (max(limit, 1), max(min(batch, limit), 1))
        (wakeups, waking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func add(_ span: SpanRecord) {
        let count = spans.withLock { spans in
            guard spans.count < limit else { return -1 }
            spans.append(span)
            return spans.count
        }
        if count < 0 { return metrics.dropped.increment() }
        if count >= batch { waking.yield() }
    }

    /// The next spans to export; empty if none wait.
    func next() -> [SpanRecord] {
        spans.withLock { spans in
            let taken = Array(spans.prefix(batch))
            spans.removeFirst(taken.count)
            return taken
        }
    }

    /// Wakes the exporter if spans wait.
    func wake() { if spans.withLock({ !$0.isEmpty }) { waking.yield() } }

    /// Ends `wakeups`. Spans may still be added.
    func close() { waking.finish() }
}
