import CoreMetrics
import Synchronization

/// How many values fell into each bucket. Behind a lock, not in atomics: sum and counts are then of the same values.
final class HistogramCell: RecorderHandler, TimerHandler {
    struct Contents {
        /// Values of each bucket alone, not cumulated; the last is the one without a bound.
        var counts: [UInt64]
        var sum: Double = 0
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
        contents.withLock { contents in
            contents.counts[bucket] += 1
            contents.sum += value
        }
    }

    /// Timers are exported in seconds, the base unit of Prometheus.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    var snapshot: Contents { contents.withLock { $0 } }
}
