import ExportCore
import HeapModule

/// Plays the checks of a workload, event by event in the order of time, with the rules by which the orchestrators decide. What a check finds is
/// learned at that moment and counts for all later decisions.
public struct Simulation: Sendable {
    public var workload: Workload
    public var rule: CheckRule
    /// The same exports as often, each time from the start and with other random delays: for a mean of few exports.
    public var rounds: Int

    public init(_ workload: Workload, _ rule: CheckRule, rounds: Int = 1) {
        (self.workload, self.rule, self.rounds) = (workload, rule, rounds)
    }

    /// A check that is due, or a creation (`waited` is 0).
    private struct Event: Comparable {
        var at: Double
        var export: Int
        var isCreation: Bool
        var checkedAt: Double

        static func < (one: Event, other: Event) -> Bool { (one.at, one.export) < (other.at, other.export) }
    }

    /// - Parameter progress: called now and then with the share that is done.
    public func run(progress: (Double) -> Void = { _ in }) -> SimulationResult {
        let exports = workload.exports(), measured = exports.lazy.filter(\.isMeasured).map(\.createdAt)
        let span = (measured.last ?? 0) - (measured.first ?? 0)
        var random = SplitMix(seed: workload.seed &* 31 &+ 7), tally = SimulationTally(span: span * Double(rounds))
        for round in 0..<rounds {
            play(exports, &random, &tally) { progress((Double(round) + $0) / Double(rounds)) }
        }
        return tally.result
    }

    private func play(_ exports: [Workload.Export], _ random: inout SplitMix, _ tally: inout SimulationTally, _ progress: (Double) -> Void)
    {
        var knowledge = DurationKnowledge(), left = exports.count
        var events = Heap(exports.enumerated().map { Event(at: $1.createdAt, export: $0, isCreation: true, checkedAt: 0) })
        while let event = events.popMin() {
            let export = exports[event.export], kind = kind(of: export), waited = event.at - export.createdAt
            if !event.isCreation {
                tally.check(at: event.at, isMeasured: export.isMeasured)
                if waited >= export.duration {
                    tally.found(after: waited, duration: export.duration, isMeasured: export.isMeasured)
                    let before = event.checkedAt > 0 ? event.checkedAt - export.createdAt : 0
                    if rule.learns { _ = knowledge.learn(.ready(after: .seconds(before), upTo: .seconds(waited)), of: kind) }
                    left -= 1
                    if left % 512 == 0 { progress(1 - Double(left) / Double(exports.count)) }
                    continue
                }
            }
            let told = workload.tellsProgress && !event.isCreation ? export.progress(after: waited) : nil
            let delay = rule.delay(
                waited: event.isCreation ? 0 : waited, kind: export.kind,
                hints: PollHints(progress: told, moment: PollMoment(forecast: knowledge.forecast(of: kind, aim: rule.aim))),
                random: Double.random(in: 0..<1, using: &random))
            events.insert(
                Event(at: event.at + delay, export: event.export, isCreation: false, checkedAt: event.isCreation ? 0 : event.at))
        }
    }

    private func kind(of export: Workload.Export) -> ExportKind {
        ExportKind(provider: "simulated", key: workload.isKeyed ? "\(export.kind)" : "")
    }
}
