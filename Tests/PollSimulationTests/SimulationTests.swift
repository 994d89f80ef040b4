import ExportCore
import Testing

@testable import PollSimulation

@Suite("A simulation of checks") struct SimulationTests {
    private func run(_ workload: Workload, _ policy: PollPolicy) -> SimulationResult { Simulation(workload, .policy(policy)).run() }

    @Test("finds every export, once and never before it is ready") func findsAll() {
        let workload = Workload([.lognormal(median: 600, sigma: 0.5)], history: 50, jobs: 500)
        for policy in [
            PollPolicy.learned(), .tiered(), .fixed(interval: .seconds(60)), .backoff(initial: .seconds(10), max: .seconds(300)),
        ] {
            let result = run(workload, policy)
            #expect(result.jobs == 500)
            #expect(result.meanLag >= 0 && result.maxLag >= result.p95Lag && result.p95Lag >= 0)
            #expect(abs(result.wastedPerJob - (result.pollsPerJob - 1)) < 1e-9)
        }
    }

    @Test("is the same with the same seed, and another with another") func seeds() {
        var workload = Workload([.exponential(mean: 600)], jobs: 300)
        let first = run(workload, .learned())
        #expect(run(workload, .learned()) == first)
        workload.seed = 2
        #expect(run(workload, .learned()) != first)
    }

    @Test("of a fixed interval shows half of it as lag, and a day's requests") func fixed() {
        let result = run(Workload([.uniform(from: 3600, to: 7200)], jobsPerDay: 1000, jobs: 2000), .fixed(interval: .seconds(180)))
        #expect((80...100).contains(result.meanLag))
        #expect((29...32).contains(result.pollsPerJob))
        #expect((25_000...36_000).contains(result.requestsPerDay))
        #expect(result.peakPerSecond >= 1)
    }

    @Test("follows the durations when they change") func later() {
        let changed = run(
            Workload([.lognormal(median: 600, sigma: 0.25)], later: [.lognormal(median: 3600, sigma: 0.25)], jobsPerDay: 500, jobs: 2000),
            .learned())
        #expect(changed.pollsPerJob < 11, "8 where nothing changes")
    }
}

@Suite("The optimum") struct OptimumTests {
    /// Without the compiler's optimization a fine grid takes seconds, in which other tests get no thread.
    private static let cells = 400

    @Test("of a constant duration is one check at its end") func constant() {
        let best = Optimum(Workload([.constant(600)]), lag: 10, cells: Self.cells)
        #expect(best.pollsPerJob < 1.01 && best.meanLag < 10)
    }

    @Test("of an exponential duration is a fixed interval") func exponential() {
        // Without a memory no instant is better than another: the interval d has 1 / (1 - e^(-d/m)) checks.
        let best = Optimum(Workload([.exponential(mean: 1800)]), lag: 90, cells: Self.cells)
        let result = Simulation(Workload([.exponential(mean: 1800)], history: 0, jobs: 3000), .policy(.fixed(interval: .seconds(180))))
            .run()
        #expect(abs(best.pollsPerJob / result.pollsPerJob - 1) < 0.1)
    }

    @Test(
        "needs fewer checks than any policy at the same lag",
        arguments: [
            DurationDistribution.lognormal(median: 1200, sigma: 0.8), .lognormal(median: 2700, sigma: 0.25),
            .weibull(shape: 0.7, scale: 1800),
        ])
    func best(_ distribution: DurationDistribution) {
        let workload = Workload([distribution], jobs: 1000), result = Simulation(workload, .policy(.learned())).run()
        let ratio = result.pollsPerJob / Optimum(workload, lag: result.meanLag, cells: Self.cells).pollsPerJob
        #expect((0.95...1.2).contains(ratio), "\(ratio)")
    }

    @Test("as a schedule costs in a simulation what it says") func schedule() {
        let workload = Workload([.lognormal(median: 2700, sigma: 0.25)], jobs: 3000)
        let best = Optimum(workload, lag: 60, cells: Self.cells)
        let result = Simulation(workload, .schedule(best.schedules)).run()
        #expect(abs(result.pollsPerJob / best.pollsPerJob - 1) < 0.03)
        #expect(abs(result.meanLag / best.meanLag - 1) < 0.05)
    }
}

@Suite("A distribution of durations") struct DurationDistributionTests {
    @Test("is read from its text form") func forms() {
        #expect(DurationDistribution("lognormal:1200,0.8") == .lognormal(median: 1200, sigma: 0.8))
        #expect(DurationDistribution("exponential:60") == .exponential(mean: 60))
        #expect(DurationDistribution("pareto:1.5,600") == .pareto(exponent: 1.5, shortest: 600))
        for wrong in [
            "", "lognormal", "lognormal:1", "lognormal:1,-2", "lognormal:1,x", "gauss:1,2", "uniform:9,3", "constant:inf", "constant:1,2",
        ] {
            #expect(DurationDistribution(wrong) == nil, "\(wrong)")
        }
    }

    @Test("has the middle that its form says") func middles() {
        var random = SplitMix(seed: 5)
        func median(_ distribution: DurationDistribution) -> Double {
            (0..<10_001).map { _ in distribution.draw(&random) }.sorted()[5000]
        }
        #expect(abs(median(.lognormal(median: 1200, sigma: 0.8)) / 1200 - 1) < 0.05)
        #expect(abs(median(.exponential(mean: 1000)) / 693 - 1) < 0.06)
        #expect(abs(median(.weibull(shape: 1.5, scale: 1000)) / 783 - 1) < 0.05)
        #expect(abs(median(.pareto(exponent: 1.5, shortest: 600)) / 952 - 1) < 0.05)
    }
}

@Suite("A comparison") struct ComparisonTests {
    @Test("has a fixed interval of the same lag, and one that asks as often") func same() {
        let found = Comparison(Workload([.lognormal(median: 600, sigma: 0.3)], history: 20, jobs: 100), .learned(), optimum: false)
        #expect(abs(found.fixed.meanLag / found.result.meanLag - 1) < 0.05)
        #expect(abs(found.fixedAsOften.pollsPerJob / found.result.pollsPerJob - 1) < 0.05)
        #expect(found.optimalPolls == nil && found.ofFixed < 1)
    }
}

@Suite("The plot of policies") struct PolicyPlotTests {
    @Test("has a curve for each, in which fewer checks mean more lag") func curves() {
        let plot = PolicyPlot(Workload([.lognormal(median: 1200, sigma: 0.5)], jobs: 200), cells: 200)
        #expect(plot.curves.map(\.name) == ["fixed", "tiered", "learned", "optimum (knows the durations)"])
        for curve in plot.curves where curve.points.count > 1 {
            #expect(curve.points.first?.polls ?? 0 > curve.points.last?.polls ?? 9, "\(curve.name)")
        }
        #expect(plot.svg.hasPrefix("<svg") && plot.svg.contains("polyline") && !plot.svg.contains("nan"))
    }
}
