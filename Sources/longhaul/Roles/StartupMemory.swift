import CMemory
import ServiceLifecycle

/// Lets go of what only the start needed.
///
/// A start touches nearly the whole program: the dynamic linker, Swift's look for protocol conformances, Foundation's tables. Each touch
/// maps 64 KiB of the file into the process, and there they stay, 30 MiB and more, although the work that follows needs a fifth of them.
/// They are clean pages of the page cache: unmapped they cost nothing, and what is touched again comes back by a minor fault
/// (madvise(2), MADV_DONTNEED).
struct StartupMemory: Service {
    /// After the start, when the connections stand.
    private static let settled = Duration.seconds(2)

    func run() async throws {
        // Ended by a shutdown it does no harm either.
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.settled) }
        release_program_pages()
        try? await gracefulShutdown()
    }
}
