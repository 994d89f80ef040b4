import CoreMetrics
import Synchronization
import TraceContext

/// Counts the values in each bucket. A lock instead of atomics keeps the sum and the counts consistent.
final class HistogramCell: RecorderHandler, TimerHandler {
    struct Contents {
        /// The count of each bucket alone, not cumulative; the last one is the bucket without a bound.
        var counts: [UInt64]
        var sum: Double = 0
        /// The last value of a bucket that was recorded within a recorded span; empty until there is one.
        var exemplars: [Int: Exemplar] = [:]
    }

    /// A value and the trace in which it was recorded.
    struct Exemplar: Equatable {
        let traceID: TraceID
        let value: Double
        /// Nanoseconds since 1970.
        let at: UInt64
    }

    let buckets: HistogramBuckets
    private let contents: Mutex<Contents>

    init(buckets: HistogramBuckets) {
        self.buckets = buckets
        contents = Mutex(Contents(counts: Array(repeating: 0, count: buckets.bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = buckets.bounds.firstIndex { value <= $0 } ?? buckets.bounds.count
        let exemplar = Traces.sampled.map { Exemplar(traceID: $0.traceID, value: value, at: Traces.now) }
        contents.withLock { contents in
            contents.counts[bucket] += 1
            contents.sum += value
            if let exemplar { contents.exemplars[bucket] = exemplar }
        }
    }

    /// Timers are exported in seconds, the base unit of Prometheus.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    var snapshot: Contents { contents.withLock { $0 } }
}
