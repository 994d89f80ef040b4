import ExportCore
import JobStore
import TestServers

/// A walk through the download line by random operations, each of which a model foretells.
struct LineWalk {
    private let test: TestStore
    private var random: SeededGenerator
    /// The jobs of each tenant, in the order of their turns.
    private var line: [String: [JobID]] = [:]
    private var tags: [String: Int] = [:]
    private var served = 0
    /// The last turn of each job since which it was not lined up.
    private var current: [JobID: DownloadTurn] = [:]
    private var old: [DownloadTurn] = []

    private static let tenants = ["a", "b", "c"]

    init(seed: UInt64, _ test: TestStore) {
        self.test = test
        random = SeededGenerator(seed: seed)
    }

    mutating func run(steps: Int) async throws {
        for step in 0..<steps {
            do {
                switch random.below(10) {
                case 0..<4: try await lineUp()
                case 4..<7: try await takeTurns()
                default: try await leave()
                }
                let count = try await test.store.downloadLine()[.normal]
                try agree(count, line.values.reduce(0) { $0 + $1.count }, "jobs in the line")
            } catch {
                throw Divergence("step \(step): \(error)")
            }
        }
    }

    private mutating func lineUp() async throws {
        let number = random.below(8), tenant = Self.tenants[number % 3]
        let request = try test.request("job-\(number)", tenant: tenant)
        if line[tenant]?.contains(request.id) != true { line[tenant, default: []].append(request.id) }
        tags[tenant] = tags[tenant] ?? served + 1
        if let turn = current.removeValue(forKey: request.id) { old.append(turn) }
        try await test.store.lineUp(request)
    }

    private mutating func takeTurns() async throws {
        let limit = 1 + random.below(5)
        var expected: [JobID] = []
        while expected.count < limit, let (tenant, tag) = tags.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
            guard let id = line[tenant]?.removeFirst() else { break }
            line[tenant]?.append(id)
            (served, tags[tenant]) = (tag, tag + 1)
            expected.append(id)
        }
        let turns = try await test.store.nextTurns([.normal: limit])
        try agree(turns.map(\.id), expected, "turns")
        for turn in turns {
            if let before = current.updateValue(turn, forKey: turn.id) { old.append(before) }
        }
    }

    private mutating func leave() async throws {
        if random.chance(40), let turn = old.randomElement(using: &random) {
            try agree(try await test.store.leaveLine([turn]), 0, "an old turn of \(turn.id) takes nobody out")
        }
        guard let turn = current.values.sorted(by: { $0.place < $1.place }).randomElement(using: &random) else { return }
        current[turn.id] = nil
        line[turn.tenant]?.removeAll { $0 == turn.id }
        if line[turn.tenant]?.isEmpty == true { tags[turn.tenant] = nil }
        try agree(try await test.store.leaveLine([turn]), 1, "the last turn of \(turn.id) takes it out")
        old.append(turn)
    }
}
