import Foundation
import Glibc
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
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.settled) }
        Self.release()
        try? await gracefulShutdown()
    }

    static func release() {
        // Without the list nothing is released, which harms nobody. Read to its end: the files of /proc have no size.
        guard let smaps = try? FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd() else { return }
        for mapping in Mapping.all(in: String(decoding: smaps, as: UTF8.self)) where mapping.isReleasable {
            madvise(UnsafeMutableRawPointer(bitPattern: mapping.start), Int(mapping.end - mapping.start), MADV_DONTNEED)
        }
    }
}

/// An entry of /proc/PID/smaps (proc(5)).
struct Mapping {
    let start: UInt
    let end: UInt
    /// As in `r-xp`.
    let permissions: Substring
    let path: Substring
    /// Pages that are no longer the file's own, such as relocated pointers: letting go of them would lose what was written.
    fileprivate(set) var anonymousKiB = 0

    var isReleasable: Bool {
        path.hasPrefix("/") && !path.hasSuffix("(deleted)") && permissions.hasPrefix("r") && !permissions.contains("w") && permissions.hasSuffix("p") && anonymousKiB == 0
    }

    static func all(in smaps: String) -> [Mapping] {
        var mappings: [Mapping] = []
        for line in smaps.split(separator: "\n") {
            if let mapping = Mapping(line) {
                mappings.append(mapping)
            } else if line.hasPrefix("Anonymous:"), let last = mappings.indices.last {
                mappings[last].anonymousKiB = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? .max
            }
        }
        return mappings
    }

    /// `start-end permissions offset device inode path`; `nil` for a line of details.
    private init?(_ line: Substring) {
        let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count >= 5, let dash = fields[0].firstIndex(of: "-"), let start = UInt(fields[0][..<dash], radix: 16),
            let end = UInt(fields[0][fields[0].index(after: dash)...], radix: 16)
        else { return nil }
        self.start = start
        self.end = end
        permissions = fields[1]
        path = fields.count > 5 ? fields[5].drop { $0 == " " } : ""
    }
}
