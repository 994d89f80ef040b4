import ExportCore
import JobStore
import TestServers

extension TestStore {
    static func file(_ name: String) -> FileTask {
        FileTask(name: name, url: "https://x.example/\(name)?sig=1", bytes: 3, listedName: name)
    }

    func list(
        _ files: [String], of job: ClaimedJob, cursor: String? = nil, atOnce: Int = DownloadTurns.atOnce
    ) async throws -> AddFilesOutcome {
        let decision = try Self.decision(.pageListed(added: files.count, isLast: cursor == nil), job)
        return try await store.addFiles(files.map(Self.file), to: job, decision: decision, cursor: cursor, atOnce: atOnce)
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

    /// The names of the files of a job, each of which is claimed.
    func names(of id: JobID, _ count: Int) async throws -> [String] {
        var names: [String] = []
        for index in 0..<count {
            guard let file = try await claimFile(index, id) else { throw TestServersError("file \(index) was not claimed") }
            names.append(file.file.name)
        }
        return names
    }

    /// Stores what follows from the end of an attempt.
    func end(
        _ file: ClaimedFile, _ event: FileEvent, objects: [StoredObject] = [], manifestLease: Duration? = nil
    ) async throws -> FileChange? {
        guard let decision = Self.fileMachine().decide(event, in: file.state, random: 0.5) else {
            throw TestServersError("\(event) is late")
        }
        let failure: Failure? = if case .failed(let failure, _, _) = event { failure } else { nil }
        return try await store.applyFile(decision, to: file, objects: objects, failure: failure, manifestLease: manifestLease)
    }

    /// Claims the timers that are due, and stores what follows for the files among them.
    /// - Returns: the files for which it was stored.
    func requeueDueFiles() async throws -> [DueFile] {
        let due = try await claim().files
        let stored = try await store.requeueFiles(due.compactMap(Self.requeue))
        return due.filter { file in stored.contains { ($0.id, $0.index) == (file.id, file.index) } }
    }

    /// What follows when the timer of a file was claimed.
    static func requeue(_ file: DueFile) -> FileRequeue? {
        fileMachine().decide(file.isJobOpen ? .timerFired : .jobEnded, in: file.state).map {
            FileRequeue(id: file.id, index: file.index, from: file.state, timer: file.timer, decision: $0)
        }
    }

    /// The watchdog's look at the messages of a job's files: lost ones, and those of listed files.
    /// - Returns: the indices of the files whose messages are published.
    func publishMissing(_ id: JobID, many: Int, watchdog: Duration) async throws -> [Int] {
        let (now, states) = try await store.fileStates(of: id, from: 0, many: many)
        let changes = states.sorted { $0.key < $1.key }.compactMap { index, state -> FileRequeue? in
            let event: FileEvent
            switch state {
            case .queued(_, let since, _): event = .stillQueued(waited: .milliseconds(now - (since ?? now)))
            case .listed: event = .published
            default: return nil
            }
            return Self.fileMachine(watchdog: watchdog).decide(event, in: state).map {
                FileRequeue(id: id, index: index, from: state, decision: $0)
            }
        }
        return try await store.requeueFiles(changes).map(\.index)
    }
}

extension AddFilesOutcome {
    /// `nil` when nothing was added.
    /// For comparisons: how long a job had a status depends on the machine.
    var withoutTimes: AddFilesOutcome { if case .added(let job, let token, _) = self { .added(job, token: token) } else { self } }
    var addedVersion: Int64? { if case .added(let job, _, _) = self { job.version } else { nil } }
}
