import Glibc
import Synchronization

/// The destination of log lines: a descriptor. Each line is written with one write(2) if the kernel accepts it whole.
public struct LogOutput: Sendable {
    public static let standardError = LogOutput(descriptor: STDERR_FILENO)

    /// Pipes write lines of up to `PIPE_BUF` bytes atomically; the lock protects longer ones.
    private static let lock = Mutex(())

    let descriptor: Int32

    /// - Parameter descriptor: owned by the caller, who must not close it before the last line.
    public init(descriptor: Int32) { self.descriptor = descriptor }

    var isTerminal: Bool { isatty(descriptor) == 1 }

    func write(line: [UInt8]) {
        Self.lock.withLock { _ in
            var rest = line[...]
            while !rest.isEmpty {
                let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    guard waitForRoom() else { return }
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    /// If the descriptor is non-blocking (a terminal shared with another program) and full, the line is dropped after a short wait:
    /// a log without a reader must not stop the work.
    private func waitForRoom() -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return Glibc.poll(&poll, 1, 100) == 1
    }
}
