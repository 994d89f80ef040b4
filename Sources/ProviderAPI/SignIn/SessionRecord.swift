/// A provider's session as all processes share it. The values are sealed: they are secrets.
public struct SessionRecord: Sendable, Equatable, Codable {
    /// Tells the session from every other one; empty before the first sign-in.
    public var id = ""
    /// What `SessionSeal` made of the values; `nil` before the first sign-in.
    public var sealed: String?
    /// When the session was obtained and when it ends, by the store's clock in milliseconds.
    public var obtainedAt: Int64 = 0
    public var expiresAt: Int64 = 0
    /// The process that is signing in, and until when the others wait for it.
    public var renewing: Renewal?

    public struct Renewal: Sendable, Equatable, Codable {
        public var by: String
        public var until: Int64

        public init(by: String, until: Int64) { (self.by, self.until) = (by, until) }
    }

    public init() {}
}

/// Where the sessions of providers are kept.
public protocol SessionStore: Sendable {
    /// - Returns: the record, what to pass to `write`, and the store's clock in milliseconds.
    func read(_ provider: String) async throws -> (record: SessionRecord, version: Int64, now: Int64)
    /// - Returns: `false` if somebody else has written meanwhile.
    func write(_ record: SessionRecord, of provider: String, read version: Int64) async throws -> Bool
}

/// How the processes share sessions.
public struct SessionSharing: Sendable {
    /// This process's unique name.
    public let process: String
    public let store: any SessionStore
    public let seal: SessionSeal

    /// - Parameter process: its name, for people.
    public init(process: String, store: any SessionStore, seal: SessionSeal) {
        // Two containers of one pod can have the same host name and process id.
        self.process = "\(process)-\(UInt32.random(in: 0 ... .max))"
        (self.store, self.seal) = (store, seal)
    }

    /// In this process only.
    static var ofProcess: SessionSharing { SessionSharing(process: "", store: MemorySessionStore(), seal: .ofProcess) }
}

/// Keeps sessions for the time of a process.
public actor MemorySessionStore: SessionStore {
    private var records: [String: (record: SessionRecord, version: Int64)] = [:]
    private let start = ContinuousClock.now

    public init() {}

    public func read(_ provider: String) -> (record: SessionRecord, version: Int64, now: Int64) {
        let known = records[provider] ?? (SessionRecord(), 0)
        return (known.record, known.version, Int64((.now - start) / .milliseconds(1)))
    }

    public func write(_ record: SessionRecord, of provider: String, read version: Int64) -> Bool {
        guard records[provider]?.version ?? 0 == version else { return false }
        records[provider] = (record, version + 1)
        return true
    }
}
