import ExportCore
import JobMessages
import JobStore
import RabbitMQ

/// The files of a job that had no message.
public struct MissingMessages: Sendable {
    /// Messages that seemed lost, and are confirmed again.
    public var lost = 0
    /// Listed files, apart from those that were published at once.
    public var listed = 0
}

extension FileInterpreter {
    /// Files whose own timers fired: a lease ran out, or a backoff is over. Each is queued again and gets a message.
    public func timersFired(_ files: [DueFile]) async throws(JobStoreError) {
        let machine = FileMachine()
        var requests: [JobID: JobRequest] = [:]
        let changes = files.compactMap { file -> FileRequeue? in
            requests[file.id] = JobRequest(id: file.id, provider: "", priority: file.priority, correlationID: file.correlationID)
            if file.state.kind == .leased, file.isJobOpen { reporter.metrics.countExpiredFile() }
            guard let decision = machine.decide(file.isJobOpen ? .timerFired : .jobEnded, in: file.state) else { return nil }
            return FileRequeue(id: file.id, index: file.index, from: file.state, timer: file.timer, decision: decision)
        }
        _ = try await queue(changes, requests, because: .due)
    }

    /// Files that have no message: it seems lost, because a queue was purged, or it was not published yet.
    /// - Parameters:
    ///   - page: how many files to read, from `first` on.
    ///   - atOnce: of so many listed files the message is published here; the others wait for the job's turn.
    public func publishMissing(
        of request: JobRequest, from first: Int, page: Int, machine: FileMachine, atOnce: Int
    ) async throws(JobStoreError) -> MissingMessages {
        let (now, states) = try await store.fileStates(of: request.id, from: first, many: page)
        var lost: [FileRequeue] = [], begun: [FileRequeue] = [], missing = MissingMessages()
        for (index, state) in states.sorted(by: { $0.key < $1.key }) {
            let event: FileEvent
            switch state {
            case .queued(_, let since?, _): event = .stillQueued(waited: .milliseconds(now - since))
            case .listed where begun.count < atOnce: event = .published
            case .listed: missing.listed += 1; continue
            default: continue
            }
            guard let decision = machine.decide(event, in: state) else { continue }
            let change = FileRequeue(id: request.id, index: index, from: state, decision: decision)
            if event == .published { begun.append(change) } else { lost.append(change) }
        }
        missing.lost = try await queue(lost, [request.id: request], because: .lost)
        _ = try await queue(begun, [request.id: request], because: .listed)
        return missing
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
