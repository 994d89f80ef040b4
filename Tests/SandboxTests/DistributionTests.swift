import Testing

@testable import Sandbox

@Suite("Distributions")
struct DistributionTests {
    private func sample(_ text: String, count: Int = 20_000) throws -> [Double] {
        let distribution = try Distribution(parsing: text, quantity: .duration, option: "duration")
        return (0..<count).map { distribution.value(Draw(Draw.mix(UInt64($0)), .duration)) }.sorted()
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    @Test("fixed always gives the same value")
    func fixed() throws {
        #expect(Set(try sample("fixed:5s", count: 100)) == [5])
    }

    @Test("uniform keeps its bounds, its mean and its quarters")
    func uniform() throws {
        let values = try sample("uniform:2s..30s")
        #expect(values[0] >= 2 && values[values.count - 1] <= 30)
        #expect(abs(mean(values) - 16) < 0.3)
        #expect(abs(values[5_000] - 9) < 0.4 && abs(values[15_000] - 23) < 0.4)
    }

    @Test("lognormal has its median, its sigma between the quantiles, and its maximum")
    func lognormal() throws {
        let values = try sample("lognormal:median=10s,sigma=0.5")
        #expect(abs(values[10_000] - 10) < 0.25)
        // One deviation above the median: 10 · e^0.5 = 16.49.
        #expect(abs(values[16_827] - 16.49) < 0.5)
        #expect(abs(mean(values) - 11.33) < 0.25)
        #expect(try sample("lognormal:median=10s,sigma=2,max=20s").last == 20)
    }

    @Test("bimodal has two values, the second with its share")
    func bimodal() throws {
        let values = try sample("bimodal:3s,60s,0.2")
        #expect(Set(values) == [3, 60])
        #expect(abs(Double(values.count { $0 == 60 }) / 20_000 - 0.2) < 0.01)
    }

    @Test("whole numbers include both bounds as often as the values between")
    func whole() throws {
        let distribution = Distribution.uniform(1...4)
        var counts: [Int: Int] = [:]
        for index in 0..<20_000 { counts[distribution.whole(Draw(Draw.mix(UInt64(index)), .fileCount)), default: 0] += 1 }
        #expect(counts.keys.sorted() == [1, 2, 3, 4])
        #expect(counts.values.allSatisfy { abs($0 - 5_000) < 250 })
    }
}
