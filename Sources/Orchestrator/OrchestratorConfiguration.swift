/// How an orchestrator works, apart from whom it works with.
public struct OrchestratorConfiguration: Sendable {
    /// The name among the orchestrators; must be unique and should be stable while the process lives.
    public var name: String
    /// How long a claim holds before the timer fires again.
    public var lease: Duration
    /// How long a job in READY or PROCESSING, or in the waiting list, may make no progress before the watchdog checks it.
    public var watchdog: Duration
    /// Between two looks at the due set, for timers that other processes set: beside other orchestrators they fire at most so late. Alone, an
    /// orchestrator looks every 250 ms, or every tick if that is longer.
    public var tick: Duration
    /// Status checks and listings at once.
    public var wakesInFlight: Int
    /// Creations at once.
    public var createsInFlight: Int
    /// The most files of one job.
    public var maxFiles: Int
    /// How long a shutdown waits for what is in flight; what is left comes back by its lease.
    public var shutdownGrace: Duration

    public init(
        name: String, lease: Duration = .seconds(30), watchdog: Duration = .seconds(60), tick: Duration = .milliseconds(50),
        wakesInFlight: Int = 2000, createsInFlight: Int = 128, maxFiles: Int = 100_000, shutdownGrace: Duration = .seconds(20)
    ) {
        self.name = name
        self.lease = lease
        self.watchdog = watchdog
        self.tick = tick
        self.wakesInFlight = wakesInFlight
        self.createsInFlight = createsInFlight
        self.maxFiles = maxFiles
        self.shutdownGrace = shutdownGrace
    }
}
