import EventThread
import JobStore
import Logging

/// The usual durations of exports by provider and kind. All orchestrators learn them through the store and read them once a minute.
actor UsualDurations {
    private let store: JobStore
    private let logger: Logger
    private let thread: EventThread
    private var known: [String: Duration] = [:]
    private var hasRead = false
    private var nextReading = ContinuousClock.now
    private static let interval = Duration.seconds(60)
    /// Durations not yet sent to the store: of the exports found ready within `gatherTime`.
    private var learned: [LearnedDuration] = []
    private static let gatherTime = Duration.milliseconds(100)
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(store: JobStore, logger: Logger, on thread: EventThread) {
        self.store = store
        self.logger = logger
        self.thread = thread
    }

    /// - Returns: what is known here, `nil` for nothing. Once a minute it is read again beside that; only the first caller waits for the store.
    func usual(provider: String, kind: String) async -> Duration? {
        if nextReading <= .now {
            nextReading = .now + Self.interval
            if hasRead { Task(executorPreference: thread) { await self.read() } } else { await read() }
        }
        return known.isEmpty ? nil : known["\(provider)\t\(kind)"]
    }

    private func read() async {
        do {
            known = try await store.usualDurations()
            hasRead = true
        } catch {
            logger.notice("usual durations could not be read, the last known stay in use: \(error)")
        }
    }

    /// Sends the duration to the store a moment later, together with others. Durations only serve estimates, so losing one is harmless.
    func learn(_ duration: Duration, provider: String, kind: String) {
        learned.append(LearnedDuration(duration, provider: provider, kind: kind))
        guard learned.count == 1 else { return }
        thread.schedule(after: Self.gatherTime) { [weak self, thread] in
            Task(executorPreference: thread) { await self?.tell() }
        }
    }

    private func tell() async {
        let durations = learned
        learned = []
        do {
            try await store.learn(durations)
        } catch {
            logger.notice("\(durations.count) durations were not learned: \(error)")
        }
    }
}
