/// Why a sandbox cannot run.
public enum SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The address is in use, not available on this machine, or not permitted.
    case cannotListen(host: String, port: Int, cause: String)
    /// The event log cannot be opened for writing.
    case cannotOpenLog(path: String, cause: String)
    /// The event log is incomplete.
    case cannotWriteLog(cause: String)
    /// `start()` was called twice.
    case alreadyStarted

    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let cause): "cannot listen on \(host):\(port): \(cause); choose another --host or --port"
        case .cannotOpenLog(let path, let cause): "cannot open the event log \(path): \(cause); check --log"
        case .cannotWriteLog(let cause): "cannot write the event log: \(cause)"
        case .alreadyStarted: "the sandbox has already been started; create another one"
        }
    }

    /// Whether the same call can succeed later without a change of configuration.
    public var isRetriable: Bool {
        if case .cannotListen = self { return true }
        return false
    }
}
