import ExportCore
import Redis

extension StoreScript {
    /// | argument | meaning |
    /// |---|---|
    /// | memory | how many exports it takes until one counts a third of a new one |
    /// | most | kinds that are remembered; later ones are not |
    /// | kind | provider and kind of exports, separated by a tab |
    /// | exports | their number |
    /// | sums | what they add to `PollTally`, in thousandths, separated by commas |
    /// | number | of bins |
    /// | bin | of `DurationBins` |
    /// | weight | what they add to it, in thousandths of an export |
    ///
    /// | reply | meaning |
    /// |---|---|
    /// | learned | the number of exports |
    static let learnDuration = StoreScript(
        "learn_duration", PackageResources.learn_duration_lua,
        arguments: "memory, most; each: kind, exports, sums, number; nested: bin, weight", reply: "learned")
}

/// How long some exports of a provider and kind took.
public struct LearnedDurations: Sendable, Equatable {
    public var exports = 0
    /// What they add to the histogram, by bin.
    public var weights: [Int: Double] = [:]
    /// How those were polled that were found ready.
    public var tally = PollTally()

    public init() {}

    public mutating func add(_ shares: [(bin: Int, weight: Double)], _ found: FoundExport? = nil) {
        exports += 1
        if let found { tally.add(found) }
        for (bin, weight) in shares { weights[bin, default: 0] += weight }
    }
}

extension JobStore {
    /// Remembers how long exports took.
    /// - Parameter durations: by kind.
    public func learn(_ durations: [ExportKind: LearnedDurations]) async throws(JobStoreError) {
        guard !durations.isEmpty else { return }
        var arguments: [RedisArgument] = [.integer(Int64(DurationHistogram.memory)), .integer(Self.mostKinds)]
        for (kind, learned) in durations {
            arguments += [
                .string(kind.field), .integer(Int64(learned.exports)), .string(Self.thousandths(learned.tally.sums)),
                .integer(Int64(learned.weights.count)),
            ]
            for (bin, weight) in learned.weights { arguments += [.integer(Int64(bin)), .string("\(Int((weight * 1000).rounded()))")] }
        }
        _ = try await redis.run(.learnDuration, key: Keys.global(.durations), arguments)
    }

    /// Kinds come from parameters of jobs: nothing else says how many there are. Beyond this, only those of whole providers are added.
    private static let mostKinds: Int64 = 5000

    private static func thousandths(_ sums: [Double]) -> String { sums.map { "\(Int(($0 * 1000).rounded()))" }.joined(separator: ",") }

    /// How long the exports of each kind took.
    public func durations() async throws(JobStoreError) -> [ExportKind: DurationHistogram] {
        try await knownExports().mapValues(\.histogram)
    }

    /// What is known of the exports of each kind.
    public func knownExports() async throws(JobStoreError) -> [ExportKind: KnownExports] {
        let hash = try await send("durations", [["HGETALL", Keys.global(.durations)]])[0].hash
        return Dictionary(
            uniqueKeysWithValues: hash.compactMap { field, text in
                ExportKind(field: field).flatMap { kind in KnownExports(stored: text).map { (kind, $0) } }
            })
    }
}

extension ExportKind {
    fileprivate var field: String { "\(provider)\t\(key)" }

    fileprivate init?(field: String) {
        let parts = field.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(provider: String(parts[0]), key: String(parts[1]))
    }
}

extension KnownExports {
    /// `FIRST WEIGHT,WEIGHT… SUM,SUM…`, in thousandths.
    fileprivate init?(stored text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let first = Int(parts[0]) else { return nil }
        func numbers(_ part: Substring) -> [Double] { part.split(separator: ",").map { (Double($0) ?? 0) / 1000 } }
        self.init(histogram: DurationHistogram(first: first, weights: numbers(parts[1])), tally: PollTally(sums: numbers(parts[2])))
    }
}
