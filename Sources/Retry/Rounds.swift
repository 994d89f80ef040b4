import Synchronization

/// A loop of rounds: for work that looks again and again whether there is something to do.
///
/// After a round follows the pause that the round asks for, after a failure a growing one. `stop`, or cancelling the task that runs the rounds,
/// lets the present round end and cuts a pause short.
public final class Rounds: Sendable {
    private struct State {
        var isStopped = false
        var pauses: [UInt64: Task<Void, Never>] = [:]
        var last: UInt64 = 0
    }

    private let backoff: Backoff
    private let state = Mutex(State())

    public init(_ backoff: Backoff = .loop) { self.backoff = backoff }

    /// No further round begins.
    public func stop() {
        let pauses = state.withLock { state in
            state.isStopped = true
            return state.pauses.values
        }
        for pause in pauses { pause.cancel() }
    }

    public var isStopped: Bool { state.withLock(\.isStopped) }

    /// Runs rounds until `stop` or cancellation.
    /// - Parameters:
    ///   - round: returns the pause until the next round; zero: it begins at once.
    ///   - report: called with each failure, before the pause that follows it; not with one of a task that is cancelled.
    public func run<Failure: Error>(
        isolation: isolated (any Actor)? = #isolation,
        _ round: () async throws(Failure) -> Duration, onFailure report: (Failure) -> Void
    ) async {
        var failures = LoopBackoff(backoff)
        while !isStopped, !Task.isCancelled {
            let wait: Duration
            do throws(Failure) {
                wait = try await round()
                failures.reset()
            } catch {
                guard !Task.isCancelled else { return }
                report(error)
                wait = failures.next()
            }
            if wait > .zero { await pause(for: wait) }
        }
    }

    /// Sleeps, also within a round, until the time is over, or until `stop` or cancellation.
    public func pause(for time: Duration) async {
        let pause = Task { _ = try? await Task.sleep(for: time) }
        let number = state.withLock { state -> UInt64? in
            guard !state.isStopped else { return nil }
            state.last += 1
            state.pauses[state.last] = pause
            return state.last
        }
        guard let number else { return pause.cancel() }
        await withTaskCancellationHandler {
            await pause.value
        } onCancel: {
            pause.cancel()
        }
        state.withLock { $0.pauses[number] = nil }
    }
}
