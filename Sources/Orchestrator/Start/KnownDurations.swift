import EventThread
import ExportCore
import JobStore
import Logging

/// How long exports take, by provider and kind. All orchestrators learn it through the store and read it once a minute; what this one learns
/// counts here at once.
actor KnownDurations {
    private let store: JobStore
    private let logger: Logger
    private let thread: EventThread
    private var known = DurationKnowledge()
    private var hasRead = false
    private var nextReading = ContinuousClock.now
    private static let interval = Duration.seconds(60)
    /// Not yet sent to the store: of the exports that ended within `gatherTime`.
    private var learned: [ExportKind: LearnedDurations] = [:]
    private static let gatherTime = Duration.milliseconds(100)
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(store: JobStore, logger: Logger, on thread: EventThread) {
        self.store = store
        self.logger = logger
        self.thread = thread
    }

    /// Once a minute the store is read again beside this; only the first caller waits for it.
    func forecast(of kind: ExportKind, aim: PollAim) async -> DurationForecast {
        if nextReading <= .now {
            nextReading = .now + Self.interval
            if hasRead { Task(executorPreference: thread) { await self.read() } } else { await read() }
        }
        return known.forecast(of: kind, aim: aim)
    }

    /// By how much the checks of a provider may be fewer, because its pushes have proved reliable.
    func thinning(of provider: String) -> Double { known.thinning(of: provider) }

    private func read() async {
        do {
            known.replace(try await store.knownExports())
            hasRead = true
        } catch {
            logger.notice("durations of exports could not be read, the last known stay in use: \(error)")
        }
    }

    /// Sends what was observed to the store a moment later, together with others. Durations only serve estimates, so losing one is harmless.
    func learn(_ observed: ObservedDuration, _ found: FoundExport?, of kind: ExportKind) {
        let isFirst = learned.isEmpty
        for lesson in known.learn(observed, found, of: kind) { learned[lesson.kind, default: LearnedDurations()].add(lesson.shares, found) }
        guard isFirst else { return }
        thread.schedule(after: Self.gatherTime) { [weak self, thread] in
            Task(executorPreference: thread) { await self?.tell() }
        }
    }

    private func tell() async {
        let durations = learned
        learned = [:]
        do {
            try await store.learn(durations)
        } catch {
            logger.notice("durations of \(durations.count) kinds of exports were not learned: \(error)")
        }
    }
}
