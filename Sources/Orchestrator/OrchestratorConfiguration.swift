import ExportCore
import ProviderAPI

/// The settings of an orchestrator.
public struct OrchestratorConfiguration: Sendable {
    /// The name; unique among the orchestrators, and stable while the process runs.
    public var name: String
    /// How long a claim holds before the timer fires again.
    public var lease: Duration
    /// How long a job in READY or PROCESSING, or in the waiting list, may make no progress before the watchdog checks it.
    public var watchdog: Duration
    /// Between two looks at the due set, for timers that other processes set: beside other orchestrators they fire at most so late. Alone, an
    /// orchestrator looks every 250 ms, or every tick if that is longer.
    public var tick: Duration
    /// The maximum number of concurrent status checks and listings.
    public var wakesInFlight: Int
    /// The maximum number of concurrent creations.
    public var createsInFlight: Int
    /// The maximum number of files of one job.
    public var maxFiles: Int
    /// How long a shutdown waits for the work in progress; the leases return the rest.
    public var shutdownGrace: Duration
    /// Whether what happens to jobs is published to `longhaul.events`. It holds for all processes: the last one that starts decides.
    public var publishesEvents: Bool
    /// Whether histories that become long move into the trail, and those of ended jobs go to the object storage. It holds for all processes, too.
    public var keepsTrail: Bool
    /// What messages to the `webhook` of a job are signed with. Jobs with one are refused if there is no secret.
    public var webhookSecrets: [WebhookSecret]
    /// When webhook messages are sent again.
    public var webhooks = WebhookRules()

    public init(
        name: String, lease: Duration = .seconds(30), watchdog: Duration = .seconds(60), tick: Duration = .milliseconds(50),
        wakesInFlight: Int = 2000, createsInFlight: Int = 128, maxFiles: Int = 100_000, shutdownGrace: Duration = .seconds(20),
        publishesEvents: Bool = true, keepsTrail: Bool = true, webhookSecrets: [WebhookSecret] = []
    ) {
        self.name = name
        self.lease = lease
        self.watchdog = watchdog
        self.tick = tick
        self.wakesInFlight = wakesInFlight
        self.createsInFlight = createsInFlight
        self.maxFiles = maxFiles
        self.shutdownGrace = shutdownGrace
        self.publishesEvents = publishesEvents
        self.keepsTrail = keepsTrail
        self.webhookSecrets = webhookSecrets
    }
}
