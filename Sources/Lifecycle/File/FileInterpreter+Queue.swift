import ExportCore
import JobStore

/// A file whose message is to be published again.
struct QueuedFile: Sendable {
    let index: Int
    /// As it is queued; what `FileMachine` starts from when a worker claims it.
    let token: Int
    let priority: JobPriority
}

extension FileInterpreter {
    /// Files whose own timers fired: a lease ran out, or a backoff is over. Each is queued again and gets a message.
    /// - Returns: how many messages were confirmed.
    public func timersFired(_ files: [DueFile]) async throws(JobStoreError) -> Int {
        var confirmed = 0
        for (id, due) in Dictionary(grouping: files, by: \.id) {
            let priorities = Dictionary(due.map { ($0.index, $0.priority) }) { first, _ in first }
            let queued = try await queue(due.map { ($0.index, $0.state, .timerFired) }, of: id, FileMachine()) {
                QueuedFile(index: $0, token: $1, priority: priorities[$0] ?? .normal)
            }
            confirmed += await downloads.publish(queued: queued, of: id, correlationID: due[0].correlationID)
        }
        return confirmed
    }

    /// Files whose messages seem lost, because a queue was purged. Each message is published again.
    /// - Parameter page: how many files to look at, from `first` on.
    /// - Returns: how many messages were confirmed.
    public func republishLost(of request: JobRequest, from first: Int, page: Int, machine: FileMachine) async throws(JobStoreError) -> Int {
        let (now, states) = try await store.fileStates(of: request.id, from: first, many: page)
        let events = states.sorted { $0.key < $1.key }.compactMap { index, state -> (Int, FileState, FileEvent)? in
            guard case .queued(_, let since?, _) = state else { return nil }
            return (index, state, .stillQueued(waited: .milliseconds(now - since)))
        }
        let queued = try await queue(events, of: request.id, machine) {
            QueuedFile(index: $0, token: $1, priority: request.priority)
        }
        return await downloads.publish(
            queued: queued, of: request.id, correlationID: request.correlationID, traceparent: request.traceparent)
    }

    /// Decides an event of each file, stores the decisions, and picks the files that need a message.
    private func queue(
        _ events: [(index: Int, state: FileState, event: FileEvent)], of id: JobID, _ machine: FileMachine,
        _ file: (_ index: Int, _ token: Int) -> QueuedFile
    ) async throws(JobStoreError) -> [QueuedFile] {
        let changes = events.compactMap { index, state, event in
            machine.decide(event, in: state).map { (index: index, from: state, decision: $0) }
        }
        guard !changes.isEmpty else { return [] }
        let changed = Set(try await store.requeueFiles(of: id, changes))
        return changes.filter { changed.contains($0.index) && $0.decision.actions.contains(.publishMessage) }
            .map { file($0.index, $0.decision.state.token) }
    }
}
