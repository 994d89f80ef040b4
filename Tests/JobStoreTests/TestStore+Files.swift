import ExportCore
import JobStore
import TestServers

extension TestStore {
    static func file(_ name: String) -> FileTask {
        FileTask(name: name, url: "https://x.example/\(name)?sig=1", bytes: 3, listedName: name)
    }

    func list(_ files: [String], of job: ClaimedJob, cursor: String? = nil) async throws -> AddFilesOutcome {
        let decision = try Self.decision(.pageListed(added: files.count, isLast: cursor == nil), job)
        return try await store.addFiles(files.map(Self.file), to: job, decision: decision, cursor: cursor)
    }

    /// A job in PROCESSING with files that wait for workers.
    func processing(_ name: String, files: [String]) async throws -> JobID {
        let job = try await ready(name)
        guard case .added = try await list(files, of: job) else { throw TestServersError("\(name) is stale") }
        return job.id
    }

    static func fileMachine(lease: Duration = lease, watchdog: Duration = watchdog, attempts: Int = 5) -> FileMachine {
        FileMachine(rules: FileMachine.Rules(retry: RetryPolicy(attempts: attempts), lease: lease, watchdog: watchdog))
    }

    /// Claims a file as a worker does: from the state that its message tells, and again from the state that the store has.
    /// - Returns: `nil` when the file must not be claimed.
    func claimFile(_ index: Int, _ id: JobID, lease: Duration = lease) async throws -> ClaimedFile? {
        let machine = Self.fileMachine(lease: lease)
        var state = FileState.queued(token: 0, since: nil, copies: 0), isTimerDue = false
        for _ in 0..<2 {
            guard let decision = machine.decide(.claimed(isTimerDue: isTimerDue), in: state) else { return nil }
            switch try await store.claimFile(index, of: id, from: state, decision: decision) {
            case .claimed(let file): return file
            case .differs(let found, let isDue): (state, isTimerDue) = (found, isDue)
            case .closed: return nil
            }
        }
        return nil
    }

    /// Stores what follows from the end of an attempt.
    func end(
        _ file: ClaimedFile, _ event: FileEvent, objects: [StoredObject] = [], manifestLease: Duration? = nil
    ) async throws -> FileChange? {
        guard let decision = Self.fileMachine().decide(event, in: file.state, random: 0.5) else {
            throw TestServersError("\(event) is late")
        }
        let failure: Failure? = if case .failed(let failure, _) = event { failure } else { nil }
        return try await store.applyFile(decision, to: file, objects: objects, failure: failure, manifestLease: manifestLease)
    }

    /// Claims the timers that are due, and queues the files among them.
    /// - Returns: the files that were queued.
    func requeueDueFiles() async throws -> [DueFile] {
        var queued: [DueFile] = []
        for file in try await claim().files {
            guard let decision = Self.fileMachine().decide(.timerFired, in: file.state) else { continue }
            if try await !store.requeueFiles(of: file.id, [(file.index, file.state, decision)]).isEmpty { queued.append(file) }
        }
        return queued
    }

    /// The watchdog's look at the messages of a job's files.
    func republishLost(_ id: JobID, many: Int, watchdog: Duration) async throws -> [Int] {
        let (now, states) = try await store.fileStates(of: id, from: 0, many: many)
        let changes = states.sorted { $0.key < $1.key }.compactMap {
            index, state -> (index: Int, from: FileState, decision: FileDecision)? in
            guard case .queued(_, let since, _) = state else { return nil }
            let event = FileEvent.stillQueued(waited: .milliseconds(now - (since ?? now)))
            return Self.fileMachine(watchdog: watchdog).decide(event, in: state).map { (index, state, $0) }
        }
        return try await store.requeueFiles(of: id, changes)
    }
}
