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

    /// What is known here; read again beside it when that is due.
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

    func learn(_ duration: Duration, provider: String, kind: String) async {
        do {
            try await store.learn(duration, provider: provider, kind: kind)
        } catch {
            logger.notice("a duration was not learned: \(error)")
        }
    }
}
