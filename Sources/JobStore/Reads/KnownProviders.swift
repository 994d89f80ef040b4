import Redis

/// The names of the providers that orchestrators have reported.
public struct KnownProviders: Sendable, Equatable {
    /// When each name was last reported, in milliseconds of the store's clock.
    public var reportedAt: [String: Int64]
    /// The store's clock when they were read, in milliseconds.
    public var now: Int64
    /// The schemas of their parameters, as JSON.
    public var parameters: [String: String]

    public init(reportedAt: [String: Int64], now: Int64, parameters: [String: String] = [:]) {
        self.reportedAt = reportedAt
        self.now = now
        self.parameters = parameters
    }

    /// A name is forgotten after so many timeouts of a member: an orchestrator that is restarted keeps its names known.
    static let timeouts: Int64 = 12
    /// Longer than it takes to forget a name: 12 times the timeout of a member, 5 s.
    private static let aliveWithin: Int64 = 60_000

    public var names: [String] { reportedAt.keys.sorted() }

    public func contains(_ name: String) -> Bool { reportedAt[name] != nil }

    /// Whether an orchestrator has reported lately. Without one, a name that is missing may belong to the next that starts.
    public var areCurrent: Bool { reportedAt.values.contains { now - $0 < Self.aliveWithin } }
}

extension JobStore {
    /// The providers that orchestrators know; empty when none has ever run.
    public func knownProviders() async throws(JobStoreError) -> KnownProviders {
        let replies = try await send("known providers", [["TIME"], ["HGETALL", Keys.global(.providers)]])
        let reports = try replies[1].hash.mapValues { text in
            // A report that another version wrote otherwise still names its provider.
            text.firstMatch(of: /"reportedAt":(\d{1,18})/).flatMap { Int64($0.1) } ?? 0
        }
        let schemas = try replies[1].hash.compactMapValues { text in
            text.firstMatch(of: /^\{"reportedAt":\d+,"parameters":(.+)\}$/).map { String($0.1) }
        }
        return KnownProviders(reportedAt: reports, now: try replies[0].milliseconds, parameters: schemas)
    }
}
