import Archive

/// The settings of a worker.
public struct WorkerConfiguration: Sendable {
    /// The name; unique among the workers, and stable while the process runs.
    public var name: String
    /// How long a claim of a file lasts without a heartbeat. A heartbeat is sent every third of it.
    public var lease: Duration
    /// The maximum number of concurrent transfers. Each holds at most two parts of an object (2 × 8 MiB) and `stagedBytes`, and a few hundred
    /// kilobytes of received data.
    public var transfers: Int
    /// The limits of an archive, for each file. `maxEntries` also bounds the memory for a file's objects: about a kilobyte each until the
    /// file is stored.
    public var archives: ArchiveLimits
    /// The maximum size in bytes of complete small objects (up to 8 MiB each) that a transfer keeps in memory until its file is verified.
    public var stagedBytes: Int
    /// A folder on a disk, for the small objects that exceed `stagedBytes`; the file has no name.
    public var spoolFolder: String
    /// The maximum size of that file in bytes, for each transfer; an archive with more fails.
    public var maxSpoolBytes: Int64
    /// How long transfers continue after a shutdown begins, before they are aborted and handed back.
    public var shutdownGrace: Duration
    /// Partial uploads older than this are removed, as left by dead workers. Longer than any transfer.
    public var staleUploads: Duration

    public init(
        name: String = "worker", lease: Duration = .seconds(30), transfers: Int = 16,
        archives: ArchiveLimits = ArchiveLimits(maxEntries: 20_000),
        stagedBytes: Int = 8 << 20, spoolFolder: String = "/var/tmp", maxSpoolBytes: Int64 = 16 << 30,
        shutdownGrace: Duration = .seconds(20), staleUploads: Duration = .seconds(24 * 3600)
    ) {
        self.name = name
        self.lease = lease
        self.transfers = transfers
        self.archives = archives
        self.stagedBytes = stagedBytes
        self.spoolFolder = spoolFolder
        self.maxSpoolBytes = maxSpoolBytes
        self.shutdownGrace = shutdownGrace
        self.staleUploads = staleUploads
    }
}
