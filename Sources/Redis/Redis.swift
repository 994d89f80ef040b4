import EventThread
import Logging
import Retry

/// A connection to one Redis server that pipelines by itself and reconnects by itself.
///
/// What all callers send in a turn of the event thread goes out in one write. One write is outstanding; what comes until its
/// replies are there is the next. Commands of one caller run in the order of its calls, those of a pipeline too, but commands
/// of others may run in between, and as the connection is shared, commands that change its state (`MULTI`, `SUBSCRIBE`,
/// `SELECT`, `CLIENT REPLY`) do not belong on it; one that blocks (`BLPOP`) needs a client of its own. Use scripts for what
/// must happen together.
///
/// Every call ends by its deadline. While the connection is away, calls wait for the next one, until their deadline; what was
/// on the wire fails with `connectionLost`, and is never sent again by this client.
///
/// End it by `shutdown()`. The process must ignore SIGPIPE, which hiredis does not suppress.
public actor Redis {
    let configuration: RedisConfiguration
    let thread: EventThread
    let logger: Logger
    let metrics = RedisMetrics()

    var state = State.disconnected
    var pipeline: Pipeline
    var backoff: LoopBackoff
    /// Why the last attempt to connect, or the last connection, failed.
    var lastFailure: RedisError?
    /// The start of the last connection.
    var connectedAt: ContinuousClock.Instant?
    var failedAttempts = 0
    /// The server has become a replica: leave it once the batch is answered.
    var mustReconnect = false
    var isShuttingDown = false
    var lastDenial: (error: RedisError, at: ContinuousClock.Instant)?

    private var lastID: UInt64 = 0
    var connectWaiters: [UInt64: CheckedContinuation<RedisError?, Never>] = [:]
    var shutdownWaiters: [CheckedContinuation<Void, Never>] = []
    /// Scripts that are being loaded on behalf of somebody whose command stands ahead in the queue.
    var loadingScripts: Set<String> = []

    var isFlushScheduled = false
    var isWatchingWrites = false
    /// The time at the first call of this turn; the flush at its end forgets it.
    var turnTime: ContinuousClock.Instant?
    var deadlineTimer: (handle: TimerHandle, instant: ContinuousClock.Instant)?

    enum State {
        case disconnected
        case connecting
        case connected(Connection)
        case waiting(TimerHandle)
        case closed
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// `host:port/database`.
    public nonisolated var server: String { configuration.server }

    /// Connects at the first call, or by `connect()`.
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
