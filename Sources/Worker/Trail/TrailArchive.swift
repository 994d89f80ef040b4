import EventThread
import ExportCore
import JobStore
import Logging
import ObjectStorage
import Retry
import Telemetry
import Trail

/// Takes the trails of the partitions away: lines that do not fit beside their jobs go into objects of many jobs, and the whole history of a job
/// that has ended goes beside its manifest.
///
/// The workers share the partitions: whoever takes a trail first has it while its lease lasts. An entry is removed from the trail after it was
/// stored, so that a worker that dies leaves it to another.
actor TrailArchive {
    private let store: JobStore
    private let storage: any ObjectStorage
    private let owner: String
    private let isBusy: @Sendable () async -> Bool
    private let metrics = TrailMetrics()
    private let repeated: RateLimitedLog
    private let thread: EventThread
    private let rounds = Rounds()
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private static let lease = Duration.seconds(60)
    /// Entries of a trail at once.
    private static let page = 250
    /// Lines wait for so many others, or so long, because an object costs a request.
    private static let worthwhile = 100, patience = Duration.seconds(60)
    /// Histories of ended jobs that are stored at once. They come after transfers: nobody waits for them.
    private static let atOnce = 8
    private static let pause = Duration.seconds(1)
    /// Nobody waits for histories. While files are transferred, those of few jobs are stored, and then there is a pause, unless a job has waited
    /// for long.
    private static let whileBusy = 8, busyPause = Duration.milliseconds(400), longestWait = Duration.seconds(300)

    /// - Parameter isBusy: whether files are transferred.
    init(
        store: JobStore, storage: any ObjectStorage, owner: String, logger: Logger, on thread: EventThread,
        isBusy: @escaping @Sendable () async -> Bool
    ) {
        self.isBusy = isBusy
        self.store = store
        self.storage = storage
        self.owner = owner
        repeated = RateLimitedLog(logger)
        self.thread = thread
    }

    func stop() { rounds.stop() }

    /// Runs until `stop`.
    func run() async {
        await rounds.run {
            try await round() ? .zero : Self.pause
        } onFailure: { error in
            repeated.warning(key: "trail", "histories of jobs wait in the trail: \(error)")
        }
    }

    /// A page of each partition's trail.
    /// - Returns: whether there is more to do at once.
    private func round() async throws -> Bool {
        var isMore = false, failure: (any Error)?
        for partition in 0..<store.partitions where !rounds.isStopped {
            guard let page = try await store.takeTrail(of: partition, by: owner, lease: Self.lease, atMost: Self.page) else { continue }
            do {
                try await keep(page, of: partition)
                isMore = isMore || page.isFull
            } catch {
                // One that cannot be stored must not hold up the others.
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return isMore
    }

    private func keep(_ page: TrailPage, of partition: Int) async throws {
        var done = page.damaged
        if let last = page.lines.last, page.isFull || page.lines.count >= Self.worthwhile || isOld(page) {
            // An hour of the trail at a time: that is how objects are found again.
            for (_, entries) in Dictionary(grouping: page.lines, by: { $0.mark.milliseconds / 3_600_000 }).sorted(by: { $0.key < $1.key }) {
                let upTo = entries.last?.mark ?? last.mark
                do {
                    try await storage.put(
                        key: TrailObject.key(upTo: upTo, partition: partition), bytes: TrailObject.encode(entries),
                        contentType: "application/x-ndjson")
                } catch {
                    metrics.failedLines.increment()
                    throw error
                }
                metrics.lines.increment(by: entries.count)
            }
            done += page.lines.map(\.mark)
        }
        let isUrgent = page.ended.first.map { page.now - $0.mark.milliseconds >= Int64(Self.longestWait / .milliseconds(1)) } ?? false
        let givesWay = !isUrgent && !page.ended.isEmpty ? await isBusy() : false
        let (ended, failure) = await archive(givesWay ? Array(page.ended.prefix(Self.whileBusy)) : page.ended)
        try await store.forgetTrail(of: partition, done + ended)
        if let failure { throw failure }
        if givesWay { await rounds.pause(for: Self.busyPause) }
    }

    private func isOld(_ page: TrailPage) -> Bool {
        page.lines.first.map { page.now - $0.mark.milliseconds >= Int64(Self.patience / .milliseconds(1)) } ?? false
    }

    /// - Returns: the entries that are done with, and the first failure of the others.
    private func archive(_ ended: [(mark: TrailMark, job: JobID)]) async -> (done: [TrailMark], failure: (any Error)?) {
        // Ended twice, it is stored once.
        let marks = Dictionary(grouping: ended, by: \.job).mapValues { $0.map(\.mark) }
        let jobs = Array(marks.keys)
        var done: [TrailMark] = [], failure: (any Error)?
        for first in stride(from: 0, to: jobs.count, by: Self.atOnce) where failure == nil {
            for attempt in await attempts(jobs[first..<min(first + Self.atOnce, jobs.count)]) {
                if let error = attempt.failure {
                    metrics.failedHistories.increment()
                    failure = failure ?? error
                    continue
                }
                done += marks[attempt.job] ?? []
                if attempt.isStored { metrics.histories.increment() }
            }
        }
        return (done, failure)
    }

    private struct Attempt: Sendable {
        let job: JobID
        var isStored = false
        var failure: (any Error)?
    }

    /// At once.
    private func attempts(_ jobs: ArraySlice<JobID>) async -> [Attempt] {
        await withTaskGroup(of: Attempt.self) { [store, storage, thread] group in
            for job in jobs {
                group.addTask(executorPreference: thread) {
                    do {
                        var reader = TrailReader(store: store, storage: storage)
                        return Attempt(job: job, isStored: try await reader.archive(job, in: storage))
                    } catch {
                        return Attempt(job: job, failure: error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
