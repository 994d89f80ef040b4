import ExportCore

/// Which download queue is served next, by `PriorityTurns`. The turn of an empty queue goes to the most urgent one that is not empty.
struct IntakeTurns: Sendable {
    private var turn = 0

    /// Divides `free` places among the queues.
    /// - Parameter ready: how many messages of each priority are ready.
    /// - Returns: how many of each to take: never more than are ready, and at most `free` in total.
    mutating func share(_ free: Int, ready: [JobPriority: Int]) -> [JobPriority: Int] {
        var left = ready
        var share: [JobPriority: Int] = [:]
        for _ in 0..<max(free, 0) {
            guard let next = next(left) else { break }
            left[next, default: 0] -= 1
            share[next, default: 0] += 1
        }
        return share
    }

    private mutating func next(_ left: [JobPriority: Int]) -> JobPriority? {
        let due = PriorityTurns.order[turn]
        guard let chosen = ([due] + JobPriority.allCases).first(where: { left[$0, default: 0] > 0 }) else { return nil }
        turn = (turn + 1) % PriorityTurns.order.count
        return chosen
    }
}
