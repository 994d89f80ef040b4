/// Calls a closure that may hang, with a deadline. Overlapping calls share one run. A run that exceeds its deadline is cancelled;
/// until it has ended, no second one starts.
actor BoundedCall<Output: Sendable> {
    private let body: @Sendable () async throws -> Output
    private let deadline: Duration
    private var run: (task: Task<Void, Never>, start: ContinuousClock.Instant)?
    private(set) var waiters: [Int: CheckedContinuation<Output, any Error>] = [:]
    private var lastWaiter = 0

    init(deadline: Duration, _ body: @escaping @Sendable () async throws -> Output) {
        self.deadline = deadline
        self.body = body
    }

    /// - Throws: ``DeadlineExceeded``, or the closure's error.
    func callAsFunction() async throws -> Output {
        let now = ContinuousClock.now
        let start = startRun(at: now)
        guard now - start < deadline else { throw DeadlineExceeded(after: now - start) }
        lastWaiter += 1
        let waiter = lastWaiter
        let timer = Task {
            // Throws if cancelled, which means that the result came in time.
            try await Task.sleep(until: start + deadline)
            expire(waiter, started: start)
        }
        defer { timer.cancel() }
        return try await withCheckedThrowingContinuation { waiters[waiter] = $0 }
    }

    private func startRun(at now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        if let run { return run.start }
        let task = Task {
            let result: Result<Output, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            finish(result)
        }
        run = (task, now)
        return now
    }

    private func finish(_ result: Result<Output, any Error>) {
        run = nil
        let waiters = waiters.values
        self.waiters = [:]
        for waiter in waiters { waiter.resume(with: result) }
    }

    private func expire(_ waiter: Int, started start: ContinuousClock.Instant) {
        waiters.removeValue(forKey: waiter)?.resume(throwing: DeadlineExceeded(after: deadline))
        if let run, run.start == start { run.task.cancel() }
    }
}

/// A health check or metrics collector did not finish in time.
struct DeadlineExceeded: Error, CustomStringConvertible {
    let after: Duration
    var description: String { "no result within \(after.inSeconds)" }
}
