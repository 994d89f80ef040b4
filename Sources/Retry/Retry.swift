/// Runs `body` until it succeeds, with a pause after each failure.
///
/// For work that must not be given up while there is time, such as storing a result while the store cannot be reached. `body` must be
/// harmless to repeat: an attempt that failed may have had its effect.
/// - Parameters:
///   - pause: how long to wait after a failure; exponential with full jitter up to 5 s unless given.
///   - isOver: asked after each failure and after each pause: whether the time for further attempts is over.
///   - body: one attempt.
///   - shouldRetry: called after each failure, to report it. Returns `false` if trying again cannot help.
/// - Returns: `nil` if `isOver` or `shouldRetry` ended the attempts, or the task was cancelled during a pause.
public func retry<Value: Sendable, Failure: Error>(
    isolation: isolated (any Actor)? = #isolation,
    pause: (() -> Duration)? = nil,
    until isOver: () async -> Bool,
    _ body: () async throws(Failure) -> Value,
    onFailure shouldRetry: (Failure) -> Bool
) async -> Value? {
    var backoff = LoopBackoff()
    while true {
        do throws(Failure) {
            return try await body()
        } catch {
            guard shouldRetry(error), await !isOver() else { return nil }
        }
        do { try await Task.sleep(for: pause?() ?? backoff.next()) } catch { return nil }
        if await isOver() { return nil }
    }
}
