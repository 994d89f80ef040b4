import ExportCore
import JobStore
import TestServers

/// A walk through the store by random operations, each of which a model foretells. Callers are of every kind: current ones, late
/// ones, doubled ones, ones that die in the middle, and ones that have lost their lease without knowing.
struct RandomWalk {
    let test: TestStore
    let partitions: Int
    let ids: [JobID]
    var random: SeededGenerator
    var model = StoreModel()
    var snapshot = StoreSnapshot()
    /// What callers have read of jobs, the latest last; all but the last of a job is stale.
    var views: [ClaimedJob] = []
    /// Files as they were claimed, by workers that may have lost them since.
    var held: [ClaimedFile] = []
    /// What was decided on files and is not stored yet.
    var delayed: [Delayed] = []
    /// A worker whose heartbeat comes next, before a decision on its file is stored.
    var returning: ClaimedFile?
    /// Jobs that were taken from the waiting lists and are not started yet.
    var taken: [JobID] = []
    /// How often each operation had each outcome.
    var outcomes: [String: Int] = [:]
    private var steps: [String] = []

    static let far = Duration.seconds(30 * 86_400)

    init(seed: UInt64, partitions: Int, jobs: Int, _ test: TestStore) {
        self.test = test
        self.partitions = partitions
        random = SeededGenerator(seed: seed)
        ids = (0..<jobs).compactMap { JobID("job-\($0)") }
    }

    /// - Throws: `Divergence` at the first step after which something is not as it should be, with the steps that led there.
    mutating func run(steps number: Int) async throws {
        while model.step < number {
            let before = snapshot, expectedBefore = model
            model.step += 1
            do {
                try await step()
                snapshot = try await StoreSnapshot.read(test.redis, ids, partitions: partitions, after: before)
                if snapshot.isChanged { try Invariants(snapshot: snapshot).check() }
                try StepAudit(before: before, after: snapshot, expectedBefore: expectedBefore, expected: model).check()
            } catch {
                throw Divergence("step \(model.step): \(error)\nThe last steps:\n\(steps.suffix(12).joined(separator: "\n"))")
            }
        }
        // Nothing is cut off.
        for (id, job) in model.jobs {
            let whole = try await test.wholeHistory(of: id)
            try agree(whole.map(\.what).filter { JobStatus(rawValue: $0) != nil }, job.transitions, "whole history of \(id)")
            try agree(whole.map(\.at), whole.map(\.at).sorted(), "times of the history of \(id)")
        }
    }

    private mutating func step() async throws {
        if let file = returning {
            returning = nil
            return try await extend(file)
        }
        switch random.below(100) {
        case 0..<4: try await admit()
        case 4..<6: try await enqueue()
        case 6..<12: try await take()
        case 12..<22: try await start()
        case 22..<33: try await claim()
        case 33..<53: try await decide()
        case 53..<59: try await addFiles()
        case 59..<61: try await queueFiles()
        case 61..<71: try await claimFile()
        case 71..<75: try await extendFile()
        case 75..<80: try await storeFile()
        case 80..<85: try await failFile()
        case 85..<89: try await storeDelayed()
        case 89..<91: try await findLostMessages()
        case 91..<93: try await claimManifest()
        case 93: try await cancel()
        case 94..<96: try await retry()
        case 96: try await postpone()
        case 97: try await extend()
        case 98: try await verifyPlaces()
        default: try await releasePlace()
        }
    }

    mutating func note(_ operation: String, _ details: String, _ outcome: String) {
        outcomes["\(operation): \(outcome)", default: 0] += 1
        steps.append("\(model.step) \(operation) \(details) → \(outcome)")
        if steps.count > 100 { steps.removeFirst(50) }
    }

    /// Nothing, or so long that it does not come in this walk.
    mutating func delay() -> Duration { random.chance(45) ? .zero : Self.far }

    mutating func anyJob() -> JobID { ids[random.below(ids.count)] }

    /// A job that has files in transfer, if there is one.
    mutating func transferringJob() -> JobID {
        let jobs = ids.filter { model.jobs[$0]?.isTransferring == true }
        return jobs.isEmpty || random.chance(10) ? anyJob() : jobs[random.below(jobs.count)]
    }

    mutating func remember(_ job: ClaimedJob) {
        views.append(job)
        if views.count > 60 { views.removeFirst(20) }
    }

    /// What somebody knows of a job: as it is, as it was, or what nobody can know yet.
    mutating func view() async throws -> ClaimedJob? {
        if !views.isEmpty, random.chance(35) { return views[random.below(views.count)] }
        let id = anyJob()
        let job = try await test.store.job(id)
        try agree(job?.state, model.jobs[id]?.state, "\(id) as it is read")
        guard let job = job?.claimed else { return nil }
        remember(job)
        return random.chance(4) ? job.advanced(to: job.version + 1, job.state) : job
    }
}
