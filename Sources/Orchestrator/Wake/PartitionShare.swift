/// The partitions that an orchestrator reads. Each may claim everywhere, but N orchestrators must not cost N times the reads: each has its
/// share, and reads the others' partitions now and then, in case their owner has died.
struct PartitionShare: Equatable {
    var partitions: Int
    var place = 0
    var members = 1

    var own: [Int] { (0..<partitions).filter { $0 % members == place % members } }

    /// Every so many ticks, the others' partitions are read too.
    static let ticksBetweenOthers = 20

    func partitions(atTick tick: Int) -> [Int] {
        tick % Self.ticksBetweenOthers == 0 ? Array(0..<partitions) : own
    }
}
