/// Why a sandbox cannot run.
public enum SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The address is taken, not this machine's, or not allowed.
    case cannotListen(host: String, port: Int, cause: String)
    /// The event log's file cannot be opened for writing.
    case cannotOpenLog(path: String, cause: String)
    /// The event log is incomplete.
    case cannotWriteLog(cause: String)
    /// `start()` was called twice.
    case alreadyStarted

    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let cause): "cannot listen at \(host):\(port): \(cause)"
        case .cannotOpenLog(let path, let cause): "cannot open the event log \(path): \(cause)"
        case .cannotWriteLog(let cause): "cannot write the event log: \(cause)"
        case .alreadyStarted: "the sandbox was started already"
        }
    }

    /// Whether the same call can succeed later without another configuration.
    public var isRetriable: Bool {
        if case .cannotListen = self { return true }
        return false
    }
}
