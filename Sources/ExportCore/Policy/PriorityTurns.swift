/// Which priority is served next where all have work waiting: of ten turns six are for high, three for normal and one for low, so that high
/// comes before normal before low and none starves.
///
/// The download intake takes messages in this order, and `take.lua` jobs from the waiting lists; a test compares the script's copy.
public enum PriorityTurns {
    public static let order: [JobPriority] = [.high, .high, .normal, .high, .high, .normal, .low, .high, .normal, .high]
}
