import ExportCore

/// The pause of a loop after an error, so that a server that is down does not make it spin: exponential with full jitter, up to 5 s.
struct LoopBackoff {
    private var failures = 0
    private let policy = RetryPolicy(attempts: .max, base: .milliseconds(100), cap: .seconds(5))

    mutating func reset() { failures = 0 }

    mutating func next() -> Duration {
        failures += 1
        return policy.delay(failures: failures, random: .random(in: 0..<1))
    }
}
