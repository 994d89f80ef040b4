import CMemory
import ServiceLifecycle

/// Releases memory pages that only the start needed.
///
/// A start touches nearly the whole program: the dynamic linker, Swift's protocol conformance lookups, Foundation's tables. Each access
/// maps 64 KiB of the file into the process. More than 30 MiB stay mapped, although the later work needs a fifth of them.
/// They are clean pages of the page cache: unmapped, they cost nothing, and a page that is used again returns by a minor fault
/// (madvise(2), MADV_DONTNEED).
struct StartupMemory: Service {
    /// The delay after the start, when the connections are open.
    private static let settled = Duration.seconds(2)

    func run() async throws {
        // A shutdown that ends the wait does no harm.
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.settled) }
        release_program_pages()
        try? await gracefulShutdown()
    }
}
