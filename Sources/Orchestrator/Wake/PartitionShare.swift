/// Which partitions an orchestrator looks at. All may claim everywhere, but N orchestrators must not cost N times the looks: each
/// has its share, and looks after the others' now and then, for the case that their owner is gone.
struct PartitionShare: Equatable {
    var partitions: Int
    var place = 0
    var members = 1

    var own: [Int] { (0..<partitions).filter { $0 % members == place % members } }

    /// One of this many ticks looks at the others' partitions too.
    static let ticksBetweenOthers = 20

    func partitions(atTick tick: Int) -> [Int] {
        tick % Self.ticksBetweenOthers == 0 ? Array(0..<partitions) : own
    }
}
