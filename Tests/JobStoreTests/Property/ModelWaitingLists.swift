import ExportCore

/// The waiting lists of a provider: which priority and tenant come next is determined, and of theirs, which job stands there.
struct ModelWaitingLists: Equatable {
    /// Of each priority and tenant.
    private(set) var lists: [JobPriority: [String: Set<JobID>]] = [:]
    /// When each tenant's turn comes, and how far the turns have come.
    private var tags: [JobPriority: [String: Int]] = [:]
    private var served: [JobPriority: Int] = [:]
    private var turn = 0

    /// Six of ten high, three normal, one low.
    private static let turns: [JobPriority] = [.high, .high, .normal, .high, .high, .normal, .low, .high, .normal, .high]

    var count: Int { lists.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } } }

    mutating func enqueue(_ id: JobID, _ priority: JobPriority, _ tenant: String) {
        lists[priority, default: [:]][tenant, default: []].insert(id)
        if tags[priority]?[tenant] == nil { tags[priority, default: [:]][tenant] = (served[priority] ?? 0) + 1 }
    }

    mutating func remove(_ id: JobID, _ priority: JobPriority, _ tenant: String) {
        lists[priority]?[tenant]?.remove(id)
        if lists[priority]?[tenant]?.isEmpty != false { tags[priority]?[tenant] = nil }
    }

    /// Takes one of those whose turn it is.
    /// - Returns: whether the job was one of them.
    mutating func take(_ id: JobID) -> Bool {
        let order = [Self.turns[turn]] + JobPriority.allCases
        guard let priority = order.first(where: { tags[$0]?.isEmpty == false }), let tagged = tags[priority],
            let (tenant, tag) = tagged.min(by: { ($0.value, $0.key) < ($1.value, $1.key) }),
            lists[priority]?[tenant]?.remove(id) != nil
        else { return false }
        turn = (turn + 1) % Self.turns.count
        served[priority] = tag
        tags[priority]?[tenant] = lists[priority]?[tenant]?.isEmpty == false ? tag + 1 : nil
        return true
    }
}
