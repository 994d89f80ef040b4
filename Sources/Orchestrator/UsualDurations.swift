import EventThread
import JobStore
import Logging

/// How long exports usually take, by provider and kind: learned by all orchestrators through the store, and read again once a minute.
actor UsualDurations {
    private let store: JobStore
    private let logger: Logger
    private let thread: EventThread
    private var known: [String: Duration] = [:]
    private static let interval = Duration.seconds(60)
    private var nextReading = ContinuousClock.now
    /// What the store has not been told yet: as many exports as are found ready in `gatherTime`.
    private var learned: [LearnedDuration] = []
    private static let gatherTime = Duration.milliseconds(100)
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(store: JobStore, logger: Logger, on thread: EventThread) {
        self.store = store
        self.logger = logger
        self.thread = thread
    }

    func usual(provider: String, kind: String) async -> Duration? {
        if nextReading <= .now { await read() }
        return value(provider, kind)
    }

    /// What is known here; read again beside it when that is due. After a start the first checks go by nothing, until the first reading
    /// is back.
    func known(provider: String, kind: String) -> Duration? {
        if nextReading <= .now {
            nextReading = .now + Self.interval
            Task(executorPreference: thread) { await self.read() }
        }
        return value(provider, kind)
    }

    private func value(_ provider: String, _ kind: String) -> Duration? { known.isEmpty ? nil : known["\(provider)\t\(kind)"] }

    private func read() async {
        nextReading = .now + Self.interval
        do {
            known = try await store.usualDurations()
        } catch {
            logger.notice("usual durations could not be read; the last known go on: \(error)")
        }
    }

    /// Told to the store a moment later, together with others: it is for estimates, and one that is lost with the process does no harm.
    func learn(_ duration: Duration, provider: String, kind: String) {
        learned.append(LearnedDuration(duration, provider: provider, kind: kind))
        if learned.count == 1 {
            thread.schedule(after: Self.gatherTime) { [weak self] in self?.assumeIsolated { $0.tellLater() } }
        }
    }

    private func tellLater() {
        Task(executorPreference: thread) { await self.tell() }
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
