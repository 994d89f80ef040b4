import ExportCore
import JobMessages
import JobStore
import RabbitMQ

extension FileInterpreter {
    /// Files whose own timers fired: a lease ran out, or a backoff is over. Each is queued again and gets a message.
    public func timersFired(_ files: [DueFile]) async throws(JobStoreError) {
        let machine = FileMachine()
        var requests: [JobID: JobRequest] = [:]
        let changes = files.compactMap { file -> FileRequeue? in
            requests[file.id] = JobRequest(id: file.id, provider: "", priority: file.priority, correlationID: file.correlationID)
            guard let decision = machine.decide(file.isJobOpen ? .timerFired : .jobEnded, in: file.state) else { return nil }
            return FileRequeue(id: file.id, index: file.index, from: file.state, timer: file.timer, decision: decision)
        }
        _ = try await queue(changes, requests, because: .due)
    }

    /// Files whose messages seem lost, because a queue was purged. Each message is published again.
    /// - Parameter page: how many files to read, from `first` on.
    /// - Returns: how many messages were confirmed.
    public func republishLost(of request: JobRequest, from first: Int, page: Int, machine: FileMachine) async throws(JobStoreError) -> Int {
        let (now, states) = try await store.fileStates(of: request.id, from: first, many: page)
        let changes = states.sorted { $0.key < $1.key }.compactMap { index, state -> FileRequeue? in
            guard case .queued(_, let since?, _) = state,
                let decision = machine.decide(.stillQueued(waited: .milliseconds(now - since)), in: state)
            else { return nil }
            return FileRequeue(id: request.id, index: index, from: state, decision: decision)
        }
        return try await queue(changes, [request.id: request], because: .lost)
    }

    /// Stores the decisions together, and publishes the messages of those that were stored together.
    private func queue(
        _ changes: [FileRequeue], _ requests: [JobID: JobRequest], because reason: DownloadPublisher.Reason
    ) async throws(JobStoreError) -> Int {
        guard !changes.isEmpty else { return 0 }
        var messages: [OutgoingMessage] = []
        for change in try await store.requeueFiles(changes) {
            guard let request = requests[change.id] else { continue }
            let message = DownloadPublisher.message(.file(change.index, token: change.decision.state.token), of: request)
            for action in change.decision.actions { _ = await execute(action, on: .queued(message), &messages) }
        }
        return await downloads.publish(messages, because: reason)
    }
}
