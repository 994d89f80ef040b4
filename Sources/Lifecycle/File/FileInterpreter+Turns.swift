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

/// Either the files of a turn, or the error.
private struct TakenTurn: Sendable {
    let turn: DownloadTurn
    var queued: QueuedFiles?
    var error: JobStoreError?
}

extension FileInterpreter {
    /// Queues the next files of the jobs whose turns these are, and publishes their messages in the order of the turns. A job without more
    /// listed files leaves the line.
    public func take(_ turns: [DownloadTurn]) async -> TurnsOutcome {
        var outcome = TurnsOutcome(), batches: [JobID: [OutgoingMessage]] = [:], leaving: [DownloadTurn] = []
        guard let decision = FileMachine().decide(.published, in: .listed(token: 0)) else { return outcome }
        for taken in await queueNext(turns, decision) {
            outcome.error = outcome.error ?? taken.error
            guard let queued = taken.queued else { continue }
            if !queued.hasMore { leaving.append(taken.turn) }
            outcome.queued[taken.turn.priority, default: 0] += queued.files.count
            let messages = await messages(queued, of: taken.turn, decision)
            batches[taken.turn.id] = messages
        }
        var messages: [OutgoingMessage] = [], begun: [JobID: Int] = [:]
        for turn in turns {
            guard let batch = batches[turn.id] else { continue }
            let start = begun[turn.id] ?? 0
            let end = min(start + DownloadTurns.batch, batch.count)
            messages += batch[start..<end]
            begun[turn.id] = end
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
    private func queueNext(_ turns: [DownloadTurn], _ decision: FileDecision) async -> [TakenTurn] {
        await withTaskGroup(of: TakenTurn.self) { group in
            for own in Dictionary(grouping: turns, by: \.id).values {
                guard let last = own.last else { continue }
                let limit = own.count * DownloadTurns.batch
                group.addTask { await queueNext(last, limit, decision) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    // A function of its own: a release build of the closure that caught the typed error itself destroyed its turn twice.
    private func queueNext(_ turn: DownloadTurn, _ limit: Int, _ decision: FileDecision) async -> TakenTurn {
        do throws(JobStoreError) {
            let queued = try await store.queueFiles(of: turn.id, limit: limit, decision: decision)
            return TakenTurn(turn: turn, queued: queued)
        } catch {
            return TakenTurn(turn: turn, error: error)
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
