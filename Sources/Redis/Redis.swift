import EventThread
import Logging
import Retry

/// A connection to one Redis server with automatic pipelining and reconnection.
///
/// Everything that callers send in a turn of the event thread is sent in one write. One write is outstanding at a time; commands
/// that arrive before its replies form the next one. Commands of one caller run in the order of its calls, and those of a pipeline
/// in theirs, but other callers' commands may run in between. The connection is shared, so do not send commands that change its
/// state (`MULTI`, `SUBSCRIBE`, `SELECT`, `CLIENT REPLY`); a blocking command (`BLPOP`) needs its own client. Use scripts for
/// operations that must be atomic.
///
/// Every call ends by its deadline. While disconnected, queued calls wait for the next connection until their deadline. Calls on
/// the wire fail with `connectionLost`; the client never sends them again.
///
/// Close it with `shutdown()`. The process must ignore SIGPIPE, which hiredis does not suppress.
public actor Redis {
    let configuration: RedisConfiguration
    let thread: EventThread
    let logger: Logger
    let metrics = RedisMetrics()

    var state = State.disconnected
    var pipeline: Pipeline
    var backoff: LoopBackoff
    /// Why the last connection attempt, or the last connection, failed.
    var lastFailure: RedisError?
    /// When the last connection opened.
    var connectedAt: ContinuousClock.Instant?
    var failedAttempts = 0
    /// The server has become a replica: disconnect once the batch has its replies.
    var mustReconnect = false
    var isShuttingDown = false
    var lastDenial: (error: RedisError, at: ContinuousClock.Instant)?

    private var lastID: UInt64 = 0
    var connectWaiters: [UInt64: CheckedContinuation<RedisError?, Never>] = [:]
    var shutdownWaiters: [CheckedContinuation<Void, Never>] = []
    /// Scripts that a command ahead in the queue loads.
    var loadingScripts: Set<String> = []

    var isFlushScheduled = false
    var isWatchingWrites = false
    /// The time of the first call in this turn; the flush at its end clears it.
    var turnTime: ContinuousClock.Instant?
    var deadlineTimer: (handle: TimerHandle, instant: ContinuousClock.Instant)?

    enum State {
        case disconnected
        case connecting
        case connected(RedisConnection)
        case waiting(TimerHandle)
        case closed
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// `host:port/database`.
    public nonisolated var server: String { configuration.server }

    /// Connects at the first call, or with `connect()`.
    public init(_ configuration: RedisConfiguration, on thread: EventThread, logger: Logger) {
        self.configuration = configuration
        self.thread = thread
        self.logger = logger
        pipeline = Pipeline(limits: configuration.limits, server: configuration.server)
        backoff = LoopBackoff(configuration.reconnect)
    }

    public var isConnected: Bool {
        if case .connected = state { true } else { false }
    }

    func nextID() -> UInt64 {
        lastID += 1
        return lastID
    }

    func error(_ kind: RedisError.Kind, _ operation: String, cause: String? = nil) -> RedisError {
        RedisError(kind, operation: operation, server: server, cause: cause)
    }
}
