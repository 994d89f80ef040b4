import Logging
import Synchronization

/// The end of an export, and whether its trouble has been told.
final class Closing: Sendable {
    private struct State {
        var deadline: ContinuousClock.Instant?
        var pause: Task<Void, any Error>?
        var cut: (@Sendable () -> Void)?
        /// Told once, until it is over: every batch meets the same.
        var isInTrouble = false
    }

    private let state = Mutex(State())

    /// When the export must have ended; `nil` before the shutdown.
    var deadline: ContinuousClock.Instant? { state.withLock { $0.deadline } }

    /// - Parameter cut: ends a request that lasts longer than the shutdown may.
    func whenLate(_ cut: @escaping @Sendable () -> Void) { state.withLock { $0.cut = cut } }

    /// A pause between two attempts ends at once, for one more attempt. Later calls have no effect.
    func begin(within limit: Duration) {
        let cut = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.deadline == nil else { return nil }
            state.deadline = .now + limit
            state.pause?.cancel()
            return state.cut
        }
        guard let cut else { return }
        Task {
            // Nothing cancels it.
            try? await Task.sleep(for: limit)
            cut()
        }
    }

    func pause(_ duration: Duration) async {
        let pause = Task { try await Task.sleep(for: duration) }
        state.withLock { $0.pause = pause }
        // It ends early at the shutdown.
        await withTaskCancellationHandler {
            _ = await pause.result
        } onCancel: {
            pause.cancel()
        }
        state.withLock { $0.pause = nil }
    }

    func tell(_ trouble: String, to logger: Logger) {
        let isNew = state.withLock { state in
            defer { state.isInTrouble = true }
            return !state.isInTrouble
        }
        if isNew { logger.warning("spans are not exported, and are dropped while they are too many: \(trouble)") }
    }

    func recovered(_ logger: Logger) {
        let wasInTrouble = state.withLock { state in
            defer { state.isInTrouble = false }
            return state.isInTrouble
        }
        if wasInTrouble { logger.notice("spans are exported again") }
    }
}
