import ExportCore
import JobStore
import RabbitMQ

/// What became of turns of the download line.
public struct TurnsOutcome: Sendable {
    /// Files that were queued, by the priority of their jobs. Of one whose message was not confirmed the watchdog publishes it again.
    public var queued: [JobPriority: Int] = [:]
    /// The first error; its job keeps its place in the line.
    public var error: JobStoreError?
}

extension FileInterpreter {
    /// Queues the next files of the jobs whose turns these are, and publishes their messages in the order of the turns. A job without more
    /// listed files leaves the line.
    public func take(_ turns: [DownloadTurn]) async -> TurnsOutcome {
        var outcome = TurnsOutcome(), batches: [JobID: ArraySlice<OutgoingMessage>] = [:], leaving: [DownloadTurn] = []
        guard let decision = FileMachine().decide(.published, in: .listed(token: 0)) else { return outcome }
        for (turn, result) in await queueNext(turns, decision) {
            switch result {
            case .failure(let error): outcome.error = outcome.error ?? error
            case .success(let queued):
                if !queued.hasMore { leaving.append(turn) }
                outcome.queued[turn.priority, default: 0] += queued.files.count
                batches[turn.id] = await messages(queued, of: turn, decision)[...]
            }
        }
        var messages: [OutgoingMessage] = []
        for turn in turns {
            let batch = batches[turn.id]?.prefix(DownloadTurns.batch) ?? []
            batches[turn.id]?.removeFirst(batch.count)
            messages += batch
        }
        await downloads.publish(messages, because: .turn)
        do throws(JobStoreError) {
            if !leaving.isEmpty { try await store.leaveLine(leaving) }
        } catch {
            outcome.error = outcome.error ?? error
        }
        return outcome
    }

    /// Each job once, with its last turn, and as many files as its turns allow.
    private func queueNext(
        _ turns: [DownloadTurn], _ decision: FileDecision
    ) async -> [(DownloadTurn, Result<QueuedFiles, JobStoreError>)] {
        await withTaskGroup(of: (DownloadTurn, Result<QueuedFiles, JobStoreError>).self) { group in
            for (id, own) in Dictionary(grouping: turns, by: \.id) {
                guard let last = own.last else { continue }
                group.addTask {
                    do throws(JobStoreError) {
                        let limit = own.count * DownloadTurns.batch
                        return (last, .success(try await store.queueFiles(of: id, limit: limit, decision: decision)))
                    } catch {
                        return (last, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func messages(_ queued: QueuedFiles, of turn: DownloadTurn, _ decision: FileDecision) async -> [OutgoingMessage] {
        let request = JobRequest(
            id: turn.id, provider: "", priority: turn.priority, correlationID: queued.correlationID, traceparent: queued.traceparent)
        var messages: [OutgoingMessage] = []
        for file in queued.files {
            let message = DownloadPublisher.message(.file(file.index, token: file.token), of: request)
            for action in decision.actions { _ = await execute(action, on: .queued(message), &messages) }
        }
        return messages
    }
}
