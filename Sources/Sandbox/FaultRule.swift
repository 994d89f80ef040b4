/// A rule that injects a fault.
public struct FaultRule: Sendable, Hashable {
    public enum Amount: Sendable, Hashable {
        /// The probability at each occasion, from 0 to 1.
        case rate(Double)
        /// The first occasions of each export at each point (per file for downloads and links).
        case first(Int)
    }

    public var fault: Fault
    public var amount: Amount
    /// The only point at which the rule applies; if nil, all points of the fault.
    public var point: FaultPoint?

    public init(_ fault: Fault, _ amount: Amount, at point: FaultPoint? = nil) {
        self.fault = fault
        self.amount = amount
        self.point = point
    }

    func applies(at point: FaultPoint) -> Bool {
        fault.points.contains(point) && (self.point == nil || self.point == point)
    }
}
