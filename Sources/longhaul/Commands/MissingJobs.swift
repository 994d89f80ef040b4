import ExportCore
import Foundation
import JobMessages

/// Finds out why followed jobs do not appear in the store.
struct MissingJobs {
    private let settings: Settings
    private let begun: Date
    private var appeared: Set<JobID> = []
    /// Of all pages: a look at the letters serves every one.
    private var missing: Set<JobID> = []
    private var lastAppearance = ContinuousClock.now
    /// The next look at the dead letters, and the time until the one after it.
    private var next = ContinuousClock.now + .seconds(2)
    private var pause = Duration.seconds(2)

    /// How long no job may appear before the missing ones are given up.
    private static let admissionTime = Duration.seconds(60)
    /// A look hides the letters from other readers for a moment, so looks become rarer.
    private static let longestPause = Duration.seconds(30)
    /// The clocks of the orchestrators and of this machine may differ by so much.
    private static let skew: TimeInterval = 2

    /// - Parameter begun: letters of an earlier time are about earlier submissions of the same ids.
    init(_ settings: Settings, begun: Date) {
        self.settings = settings
        self.begun = begun
    }

    /// The dead letters of jobs that were asked for, now or before, and that the store does not know. Looks are spaced, so most calls find
    /// nothing.
    /// - Throws: a `Problem` if no job has appeared for a minute.
    mutating func letters(of asked: [JobID], known: some Sequence<JobID>) async throws -> [JobID: DeadLetterRecord] {
        let before = appeared.count
        appeared.formUnion(known)
        if appeared.count > before { lastAppearance = .now }
        missing.formUnion(asked)
        missing.subtract(known)
        guard !missing.isEmpty, .now >= next else { return [:] }
        let since = begun - Self.skew
        let letters = try await RefusedJobs(settings).letters(of: missing) { $0.lastFailure.map { $0 >= since } ?? false }.letters
        pause = min(pause * 2, Self.longestPause)
        next = .now + pause
        appeared.formUnion(letters.keys)
        missing.subtract(letters.keys)
        guard let id = missing.first, .now - lastAppearance > Self.admissionTime else { return letters }
        throw Problem.failed(
            appeared.contains(id)
                ? "job \(id) is no longer in the store; it may have expired (LONGHAUL_KEEP)"
                : "job \(id) is not in the store: no orchestrator has admitted it; it waits in its queue, see `longhaul doctor`")
    }
}
