import ExportCore
import Testing

@testable import JobStore

@Suite("The turns of the priorities") struct PriorityTurnsTests {
    @Test("are six of ten for high, three for normal and one for low") func shares() {
        let counts = JobPriority.allCases.map { priority in PriorityTurns.order.count { $0 == priority } }
        #expect(Dictionary(uniqueKeysWithValues: zip(JobPriority.allCases, counts)) == [.high: 6, .normal: 3, .low: 1])
    }

    @Test("are the same in take.lua") func script() {
        let names = PriorityTurns.order.map { "'\($0.rawValue)'" }
        #expect(StoreScript.take.script.source.contains("local ORDER = { \(names.joined(separator: ", ")) }\n"))
    }
}
