import ExportCore

/// Most providers cannot be reached at the same time: then the cause is here, not there.
struct CommonCause {
    /// By the code of its last failure, the names of the providers that cannot be reached.
    let unreachable: [String: [String]]
    /// So many providers have work.
    let asked: Int
    /// The last failure of one of them, in words.
    let last: String

    /// Nothing came back, or what came back is not the provider's: an unknown name, no connection, a certificate or a refusal of a proxy.
    private static let codes: Set<String> = [
        "dns", "connect", "tls", "certificate", "refused-address", "timeout-connect", "timeout-first-byte", "connection-lost", "http-407",
    ]
    /// A failure before that says nothing about now.
    private static let recent: Int64 = 900_000

    /// - Parameter busy: the providers that have unfinished jobs. Whoever is not asked is not counted as one that can be reached.
    /// - Returns: `nil` unless most of those that are asked, and two at least, cannot be reached.
    init?(_ conditions: [String: ProviderCondition], busy: Set<String>) {
        let failures = conditions.compactMapValues(Self.failure)
        asked = Set(failures.keys).union(busy).count
        guard failures.count >= 2, failures.count * 2 > asked else { return nil }
        unreachable = Dictionary(grouping: failures.keys.sorted()) { failures[$0]?.code ?? "" }
        last = failures.min { $0.key < $1.key }?.value.message ?? ""
    }

    var finding: Finding {
        let names = unreachable.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.joined(separator: ", "))" }.joined(separator: "; ")
        let number = unreachable.values.reduce(0) { $0 + $1.count }
        return .bad(
            "network",
            "\(number) of \(counted(asked, "provider")) cannot be reached (\(names)): look first at the network, DNS and proxy of the machines "
                + "that run Longhaul, and at LONGHAUL_EGRESS; for example: \(last)")
    }

    private static func failure(_ condition: ProviderCondition) -> (code: String, message: String)? {
        let holds = [condition.health.breaker.hold].compactMap(\.self) + condition.health.impediments(now: condition.now).values
        if let hold = holds.first(where: { codes.contains($0.code) }) { return (hold.code, hold.message) }
        for work in [FailureLog.Work.requests, .files] {
            guard let log = condition.health.failures(of: work), log.isUnbroken, let last = log.last else { continue }
            if codes.contains(last.code), condition.now - last.entry.at < recent { return (last.code, last.entry.message) }
        }
        return nil
    }
}
