import ExportCore
import JobStore
import RabbitMQ
import Retry

/// How the interpreter ended an attempt at a file.
public enum FileEnd: Sendable {
    case stored(FileChange)
    /// Another attempt follows after this delay.
    case retried(after: Duration)
    /// The file failed permanently. The job's timer, which is due now, decides the consequence for the job.
    case givenUp
    case handedBack
    /// Another worker may have the file by now, or its job is over.
    case leaseLost
    /// The outcome was not stored; the file's timer brings the file back.
    case unrecorded
}

/// The result of asking for a file.
public enum FileClaimOutcome: Sendable {
    case claimed(ClaimedFile)
    /// The file is stored or failed, another worker has it, or its backoff is not over.
    case nothing(reason: String)
    /// The files of the job are not transferred any more, and no earlier message of one counts.
    case jobEnded
}

/// Executes the decisions of the file machine: dead letter → store → actions. It is the one reader of `FileAction`.
public struct FileInterpreter: Sendable {
    let store: JobStore
    private let letters: FailureLetters
    let downloads: DownloadPublisher
    let reporter: TransitionReporter

    public init(store: JobStore, letters: FailureLetters, downloads: DownloadPublisher, reporter: TransitionReporter) {
        self.store = store
        self.letters = letters
        self.downloads = downloads
        self.reporter = reporter
    }

    /// Claims a file for which a message came. The first decision trusts the message; if the stored state differs, the next one starts
    /// from it.
    /// - Parameter token: as the message carries it; without one the file's first attempt is assumed.
    public func claim(
        _ index: Int, of id: JobID, token: Int?, machine: FileMachine
    ) async throws(JobStoreError) -> FileClaimOutcome {
        var state = FileState.queued(token: token ?? 0, since: nil, copies: 0)
        var isTimerDue = false
        while let decision = machine.decide(.claimed(isTimerDue: isTimerDue), in: state) {
            switch try await store.claimFile(index, of: id, from: state, decision: decision) {
            case .claimed(let file):
                return .claimed(file)
            case .differs(let stored, let isDue): (state, isTimerDue) = (stored, isDue)
            case .closed: return .jobEnded
            }
        }
        return .nothing(reason: state.kind.rawValue)
    }

    /// Gives a file up, before its transfer, that has used up its attempts.
    /// - Returns: `nil` when the transfer may begin.
    public func verdict(on file: ClaimedFile, machine: FileMachine, while mayRetry: @Sendable () async -> Bool) async -> FileEnd? {
        guard let decision = machine.verdictAtClaim(attempt: file.attempt, in: file.state) else { return nil }
        return await carryOut(decision, on: file, while: mayRetry)
    }

    /// Decides how an attempt ended, and carries the decision out.
    /// - Parameters:
    ///   - objects: the stored objects of the file.
    ///   - manifestLease: with it, the last file of a job claims the job for its manifest.
    ///   - mayRetry: called and awaited before the store is tried again.
    public func carryOut(
        _ event: FileEvent, on file: ClaimedFile, machine: FileMachine, objects: [StoredObject] = [], manifestLease: Duration? = nil,
        while mayRetry: @Sendable () async -> Bool
    ) async -> FileEnd {
        guard let decision = machine.decide(event, in: file.state, random: Jitter.shared.next()) else { return .leaseLost }
        return await carryOut(
            decision, on: file, failure: event.failure, objects: objects, manifestLease: manifestLease, while: mayRetry)
    }

    private func carryOut(
        _ decision: FileDecision, on file: ClaimedFile, failure: Failure? = nil, objects: [StoredObject] = [],
        manifestLease: Duration? = nil, while mayRetry: @Sendable () async -> Bool
    ) async -> FileEnd {
        var messages: [OutgoingMessage] = []
        for action in decision.actions where action.comesBeforeTheStore {
            guard await execute(action, on: .claimed(file), &messages) else { return .unrecorded }
        }
        while true {
            do throws(JobStoreError) {
                let change = try await store.applyFile(
                    decision, to: file, objects: objects, failure: failure ?? decision.failure, manifestLease: manifestLease)
                guard let change else {
                    reporter.metrics.staleFiles.increment()
                    return .leaseLost
                }
                return FileEnd(decision, change)
            } catch {
                reporter.repeated.warning(key: "file", "the outcome of a transfer is not stored yet: \(error)")
                guard error.isRetriable, await mayRetry() else { return .unrecorded }
            }
        }
    }

    /// Executes one action. Messages are collected, so that those of many files are published together.
    /// - Returns: whether it succeeded; only an action before the store can fail.
    func execute(_ action: FileAction, on subject: Subject, _ messages: inout [OutgoingMessage]) async -> Bool {
        switch (action, subject) {
        case (.publishDeadLetter(let failure, let attempts), .claimed(let file)):
            return await letters.publish(failure, attempts: attempts, of: file)
        case (.publishMessage, .queued(let message)): messages.append(message)
        // The caller of `claim` transfers the file that it is given.
        case (.transfer, .claimed): break
        // The machine asks for letters and transfers only of claimed files, and for messages only of queued ones.
        case (.publishDeadLetter, .queued), (.transfer, .queued), (.publishMessage, .claimed): return false
        }
        return true
    }

    /// What an action is about.
    enum Subject {
        case claimed(ClaimedFile)
        /// A file that no worker has, by its message.
        case queued(OutgoingMessage)
    }
}

extension FileEvent {
    fileprivate var failure: Failure? {
        switch self {
        case .failed(let failure, _, _): failure
        case .handedBack: Failure(.transient, code: "worker-shutdown", message: "the worker was shut down during the transfer")
        default: nil
        }
    }
}

extension FileDecision {
    /// Of a decision that gives the file up.
    fileprivate var failure: Failure? {
        for case .publishDeadLetter(let failure, _) in actions { return failure }
        return nil
    }
}

extension FileEnd {
    fileprivate init(_ decision: FileDecision, _ change: FileChange) {
        switch (decision.state, decision.timer) {
        case (.stored, _): self = .stored(change)
        case (.failed, _): self = .givenUp
        case (_, .after(let delay)) where delay > .zero || decision.usesAttempt: self = .retried(after: delay)
        default: self = .handedBack
        }
    }
}
