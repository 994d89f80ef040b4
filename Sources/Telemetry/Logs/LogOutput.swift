import Glibc
import Synchronization

/// Where log lines go: a descriptor, each line by one write(2), as far as the kernel takes it in one.
public struct LogOutput: Sendable {
    public static let standardError = LogOutput(descriptor: STDERR_FILENO)

    /// Pipes keep lines of up to `PIPE_BUF` bytes whole; the lock does it for longer ones.
    private static let lock = Mutex(())

    let descriptor: Int32

    /// - Parameter descriptor: stays the caller's, who must not close it before the last line.
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

    /// A descriptor that was made non-blocking (a terminal shared with another program) and is full: the line is dropped after
    /// a moment, because a log that nobody reads must not stop the work.
    private func waitForRoom() -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return Glibc.poll(&poll, 1, 100) == 1
    }
}
