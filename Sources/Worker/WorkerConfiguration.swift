import Archive

/// How a worker works, apart from whom it works with.
public struct WorkerConfiguration: Sendable {
    /// How long a claim of a file holds without a heartbeat, which is sent every third of it.
    public var lease: Duration
    /// Transfers at once; nothing more is claimed while so many run. Each holds two parts of an object (2 × 8 MiB) and
    /// `stagedBytes` at most, and a few hundred kilobytes on the way.
    public var transfers: Int
    /// What archives may cost, for each file. `maxEntries` also bounds what is known of a file's objects until it is stored:
    /// about a kilobyte each.
    public var archives: ArchiveLimits
    /// Bytes of finished small objects (up to 8 MiB each) that a transfer keeps in memory until all of its file is verified.
    public var stagedBytes: Int
    /// Where a transfer keeps further ones, in a file without a name: a folder on a disk.
    public var spoolFolder: String
    /// The most bytes of them, for each transfer; an archive with more in small entries fails.
    public var maxSpoolBytes: Int64
    /// How long a shutdown lets transfers run on before they are aborted and handed back.
    public var shutdownGrace: Duration
    /// Partial uploads older than this belong to dead workers and are removed; must be longer than any transfer takes.
    public var staleUploads: Duration

    public init(
        lease: Duration = .seconds(30), transfers: Int = 16, archives: ArchiveLimits = ArchiveLimits(maxEntries: 20_000),
        stagedBytes: Int = 8 << 20, spoolFolder: String = "/var/tmp", maxSpoolBytes: Int64 = 16 << 30,
        shutdownGrace: Duration = .seconds(20), staleUploads: Duration = .seconds(24 * 3600)
    ) {
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
