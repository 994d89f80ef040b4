import ExportCore
import Redis
import TestServers

/// What really stands in Redis: every key of a few jobs and of their provider.
struct StoreSnapshot {
    var now: Int64 = 0
    /// The due sets of all partitions.
    var due: [String: Int64] = [:]
    var counts: [JobStatus: Int] = [:]
    var index: [JobStatus: Set<String>] = [:]
    var jobs: [JobID: [String: String]] = [:]
    var files: [JobID: [String: String]] = [:]
    var waiting: [JobPriority: [String: Set<JobID>]] = [:]
    var places: Set<JobID> = []
    /// The jobs whose hashes or files are not as they were in the snapshot before.
    var changed: Set<JobID> = []
    /// Whether anything at all is not as it was.
    private(set) var isChanged = false
    private var answers: [RESPValue] = []

    static let tenants = ["default", "other"]
    private static let indexed = JobStatus.allCases.filter { $0 != .polling }
    private static let perPartition = 2 + indexed.count

    private static func commands(_ ids: [JobID], _ partitions: Int) -> [[RedisArgument]] {
        var commands: [[RedisArgument]] = [["TIME"], ["ZRANGE", "{lh:p:acme}:inflight", 0, -1]]
        for priority in JobPriority.allCases {
            for tenant in tenants { commands.append(["ZRANGE", .string("{lh:p:acme}:waiting:\(priority.rawValue):\(tenant)"), 0, -1]) }
        }
        for partition in 0..<partitions {
            let tag = "{lh:0\(partition)}:"
            commands.append(["ZRANGE", .string(tag + "due"), 0, -1, "WITHSCORES"])
            commands.append(["HGETALL", .string(tag + "counts")])
            commands += indexed.map { ["ZRANGE", .string(tag + "status:" + $0.rawValue), 0, -1] }
        }
        for id in ids {
            let tag = "{lh:0\(id.partition(of: partitions))}:"
            commands.append(["HGETALL", .string(tag + "job:" + id.text)])
            commands.append(["HGETALL", .string(tag + "files:" + id.text)])
        }
        return commands
    }

    /// - Parameter previous: of the same jobs; what is as it was is not decoded again.
    static func read(_ redis: Redis, _ ids: [JobID], partitions: Int, after previous: StoreSnapshot) async throws -> StoreSnapshot {
        var snapshot = previous
        snapshot.answers = try await redis.send(all: commands(ids, partitions))
        var rest = snapshot.answers[...]
        func next() throws -> [String] { try (rest.removeFirst().elements ?? []).map { try text($0) } }
        let time = try next()
        snapshot.now = (Int64(time[0]) ?? 0) * 1000 + (Int64(time[1]) ?? 0) / 1000
        snapshot.changed = []
        // Most steps change little, many nothing.
        snapshot.isChanged = rest != previous.answers.dropFirst()
        guard snapshot.isChanged else { return snapshot }
        snapshot.places = Set(try next().compactMap(JobID.init))
        snapshot.waiting = [:]
        for priority in JobPriority.allCases {
            for tenant in tenants { snapshot.waiting[priority, default: [:]][tenant] = Set(try next().compactMap(JobID.init)) }
        }
        (snapshot.due, snapshot.counts, snapshot.index) = ([:], [:], [:])
        for _ in 0..<partitions {
            for (member, score) in pairs(try next()) { snapshot.due[member] = Double(score).map { Int64($0) } }
            for (name, count) in pairs(try next()) {
                let words = name.split(separator: " ").map(String.init)
                guard words.count == 2, words[1] == "acme", let status = JobStatus(rawValue: words[0]), let count = Int(count) else {
                    throw Divergence("a counter \(name) of \(count)")
                }
                snapshot.counts[status, default: 0] += count
            }
            for status in indexed {
                let suffix = status.isFinal ? "\tacme" : ""
                let members = try next()
                guard members.allSatisfy({ $0.hasSuffix(suffix) }) else { throw Divergence("\(status.rawValue): \(members)") }
                snapshot.index[status, default: []].formUnion(members.map { String($0.dropLast(suffix.count)) })
            }
        }
        try snapshot.takeJobs(ids, rest, before: previous.answers.suffix(rest.count))
        return snapshot
    }

    private mutating func takeJobs(_ ids: [JobID], _ answers: ArraySlice<RESPValue>, before: ArraySlice<RESPValue>) throws {
        for (position, id) in ids.enumerated() {
            let job = answers.startIndex + position * 2, old = before.startIndex + position * 2
            guard before.isEmpty || answers[job] != before[old] || answers[job + 1] != before[old + 1] else { continue }
            let fields = Self.takenApart(try Self.dictionary(answers[job])), files = try Self.dictionary(answers[job + 1])
            if fields != jobs[id] ?? [:] || files != self.files[id] ?? [:] { changed.insert(id) }
            jobs[id] = fields.isEmpty ? nil : fields
            self.files[id] = files.isEmpty ? nil : files
        }
    }

    /// The fields `progress` and `request` of a job by their parts; those that are 0 or empty are left out.
    private static func takenApart(_ hash: [String: String]) -> [String: String] {
        var fields = hash
        // Without the checks behind it.
        fields["progress"] = fields["progress"].map { String($0.prefix { $0 != "\u{1E}" }) }
        func take(_ field: String, _ names: [String], without nothing: String) {
            let parts = fields.removeValue(forKey: field)?.split(
                separator: "\t", maxSplits: names.count - 1, omittingEmptySubsequences: false)
            for (name, part) in zip(names, parts ?? []) where part != nothing || name == "version" { fields[name] = String(part) }
        }
        take(
            "progress", ["version", "claims", "attempts", "failures", "unusableAnswers", "lastPollAt", "nextPollAt", "deferredSince"],
            without: "0")
        take("request", ["provider", "tenant", "correlationId", "parameters"], without: "")
        // Without their times.
        fields["answers"] = fields["answers"].map { answers in
            answers.split(separator: "\n").map { $0.drop { $0 != "\t" }.dropFirst() }.joined(separator: " | ")
        }
        return fields
    }

    private static func dictionary(_ value: RESPValue) throws -> [String: String] {
        Dictionary(pairs(try (value.elements ?? []).map { try text($0) })) { $1 }
    }

    private static func pairs(_ elements: [String]) -> [(String, String)] {
        stride(from: 0, to: elements.count - 1, by: 2).map { (elements[$0], elements[$0 + 1]) }
    }

    private static func text(_ value: RESPValue) throws -> String {
        guard let text = value.text else { throw TestServersError("not text: \(value)") }
        return text
    }

    /// The timers of a partition that are due, in the order in which a claim takes them.
    func overdue(_ model: StoreModel, in partition: Int, of partitions: Int) -> [String] {
        due.filter { member, _ in
            let name = member.prefix { $0 != "#" }
            return JobID(String(name))?.partition(of: partitions) == partition && model.timers[member]?.isDue == true
        }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map(\.key)
    }
}
