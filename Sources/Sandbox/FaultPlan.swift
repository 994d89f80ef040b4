/// The fault rules of the sandbox or of one export, and the decisions based on them.
struct FaultPlan: Sendable, Hashable {
    private let rules: [FaultRule]
    /// The points that have a rule; requests at other points need no further check.
    private let points: Set<FaultPoint>

    init(_ rules: [FaultRule]) {
        self.rules = rules
        points = Set(FaultPoint.allCases.filter { point in rules.contains { $0.applies(at: point) } })
    }

    var isEmpty: Bool { rules.isEmpty }

    /// The fault for one occasion, or nil. A pure function of its arguments.
    ///
    /// Rules with a number come first, one after the other: with `500=1` and `corruptBody=1` the first download fails and the
    /// second is corrupt. Then each rate is drawn separately, in the order of the rules; the first hit counts.
    ///
    /// - Parameters:
    ///   - point: where the fault is decided.
    ///   - key: the export's random key.
    ///   - file: the file's index, or 0.
    ///   - occasion: 1 for the first occasion of this export (and file) at this point.
    func decide(at point: FaultPoint, key: UInt64, file: Int = 0, occasion: Int) -> InjectedFault? {
        fault(at: point, key: key, file: file, occasion: occasion).map {
            InjectedFault($0, at: point, key: key, file: file, occasion: occasion)
        }
    }

    private func fault(at point: FaultPoint, key: UInt64, file: Int, occasion: Int) -> Fault? {
        guard points.contains(point) else { return nil }
        var remaining = occasion
        for rule in rules where rule.applies(at: point) {
            guard case .first(let count) = rule.amount else { continue }
            if remaining <= count { return rule.fault }
            remaining -= count
        }
        for (index, rule) in rules.enumerated() where rule.applies(at: point) {
            guard case .rate(let rate) = rule.amount else { continue }
            let subject = point.ordinal << 16 | index
            if Draw(key, .fault, subject, file, occasion).unit < rate { return rule.fault }
        }
        return nil
    }
}

extension FaultPoint {
    /// Must not change between builds, because the draws depend on it.
    var ordinal: Int {
        switch self {
        case .create: 1
        case .find: 2
        case .status: 3
        case .files: 4
        case .download: 5
        case .cancel: 6
        case .link: 7
        case .outcome: 8
        case .start: 9
        case .signIn: 10
        }
    }
}
