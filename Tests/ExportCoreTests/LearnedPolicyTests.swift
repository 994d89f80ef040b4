import Foundation
import Testing

@testable import ExportCore

/// Exports one after the other, of which each check is learned as in production.
private struct Trial {
    let policy: PollPolicy
    var histogram = DurationHistogram()
    var random = SystemRandomNumberGenerator()
    var checks: [Double] = [], lags: [Double] = []

    init(aim: PollAim) { policy = .learned(aim: aim, max: .seconds(86_400)) }

    mutating func export(taking duration: Double, progress: Bool = false) {
        let forecast = DurationForecast(histogram, aim: policy.aim)
        var waited = 0.0, before = 0.0, number = 0.0
        repeat {
            before = waited
            let told = progress && waited > 0 ? min((waited / duration * 100).rounded(.down) / 100, 0.99) : nil
            waited +=
                policy.nextDelay(
                    waited: .seconds(waited), hints: PollHints(progress: told, moment: PollMoment(forecast: forecast)),
                    random: Double.random(in: 0..<1, using: &random)
                ).time / .seconds(1)
            number += 1
        } while waited < duration
        checks.append(number)
        lags.append(waited - duration)
        histogram.learn(.ready(after: .seconds(before), upTo: .seconds(waited)), knowing: forecast)
    }

    /// Of the last exports.
    func mean(_ values: [Double], last: Int) -> Double { values.suffix(last).reduce(0, +) / Double(min(last, values.count)) }
}

@Suite("The learned policy") struct LearnedPolicyTests {
    @Test("checks gather where exports become ready: far fewer than at a fixed interval of the same lag") func learns() {
        var trial = Trial(aim: .lag(.seconds(90)))
        for number in 0..<400 { trial.export(taking: 2700 * (0.7 + 0.6 * Double(number * 37 % 100) / 100)) }
        let checks = trial.mean(trial.checks, last: 200), lag = trial.mean(trial.lags, last: 200)
        #expect(lag < 110)
        #expect(checks < 0.7 * (2700 / (2 * lag) + 0.5), "\(checks) checks, \(lag) s")
    }

    @Test("finds exports soon that are ready at once, after a few") func fast() {
        var trial = Trial(aim: .usual)
        for _ in 0..<30 { trial.export(taking: 0.5) }
        #expect(trial.mean(trial.lags, last: 5) < 5)
    }

    @Test("follows a change of the durations within a hundred exports") func drift() {
        var trial = Trial(aim: .lag(.seconds(90)))
        for number in 0..<300 { trial.export(taking: 600 * (0.8 + 0.004 * Double(number % 100))) }
        for number in 0..<100 { trial.export(taking: 3600 * (0.8 + 0.004 * Double(number * 7 % 100))) }
        for number in 0..<50 { trial.export(taking: 3600 * (0.8 + 0.004 * Double(number * 7 % 100))) }
        #expect(trial.mean(trial.lags, last: 50) < 120)
        #expect(trial.mean(trial.checks, last: 50) < 20)
    }

    @Test("needs two or three checks where the progress says when an export is ready") func progress() {
        var trial = Trial(aim: .lag(.seconds(90)))
        for number in 0..<100 { trial.export(taking: 2700 * (0.9 + 0.002 * Double(number * 37 % 100)), progress: true) }
        #expect(trial.mean(trial.checks, last: 50) < 3.6)
        #expect(trial.mean(trial.lags, last: 50) < 60)
    }

    @Test("an aim of checks is kept, whatever exports take", arguments: [5.0, 600, 20_000]) func aim(duration: Double) {
        var trial = Trial(aim: .checks(8))
        for number in 0..<300 { trial.export(taking: duration * exp(0.8 * sin(Double(number)))) }
        #expect((4...12).contains(trial.mean(trial.checks, last: 200)))
    }

    @Test("a lag is the mean over the kinds of a provider: what varies by seconds is found sooner than what varies by minutes")
    func kinds() {
        let short = ExportKind(provider: "acme", key: "short"), long = ExportKind(provider: "acme", key: "long")
        let aim = PollAim.lag(.seconds(90))
        var knowledge = DurationKnowledge()
        for number in 0..<200 {
            let variation = 0.7 + 0.006 * Double(number * 37 % 100)
            for (kind, usual) in [(short, 100.0), (long, 6000.0)] {
                _ = knowledge.forecast(of: kind, aim: aim)
                let duration = usual * variation
                _ = knowledge.learn(.ready(after: .seconds(duration - 5), upTo: .seconds(duration)), of: kind)
            }
        }
        // The mean lag is half of √(2c) ∫f/√h.
        let lags = [short, long].map { kind in
            let forecast = knowledge.forecast(of: kind, aim: aim)
            return forecast.price * forecast.spread / 2
        }
        #expect(lags[1] > 4 * lags[0])
        #expect(abs((lags[0] + lags[1]) / 2 - 90) < 5)
    }

    @Test("delays stay within their bounds, and are never negative, at whatever time and with whatever progress") func bounds() {
        let policy = PollPolicy.learned(min: .seconds(2), max: .seconds(300))
        let forecasts = [nil, DurationForecast.exports(of: .seconds(1)), .exports(of: .seconds(900)), .exports(of: .seconds(1_000_000))]
        for forecast in forecasts {
            for waited in [0.0, 0.001, 1, 59, 900, 86_400, 5_000_000, 1e12] {
                for progress in [nil, -1, 0, 1e-9, 0.3, 0.999999, 1, 7, Double.nan, .infinity] {
                    for random in [0, 0.5, 0.999] {
                        let hints = PollHints(progress: progress, moment: PollMoment(forecast: forecast))
                        let delay = policy.nextDelay(waited: .seconds(waited), hints: hints, random: random).time
                        #expect(delay >= .seconds(2) && delay <= .seconds(300))
                        let later = PollHints(retryAfter: .seconds(900), progress: progress, moment: PollMoment(forecast: forecast))
                        #expect(policy.nextDelay(waited: .seconds(waited), hints: later, random: random).time >= .seconds(900))
                    }
                }
            }
        }
    }

    @Test(
        "whatever the history, the next check is later than now, and the later now is, the later it is",
        arguments: [PollAim.usual, .checks(0.5), .lag(.milliseconds(1)), .lag(.seconds(90)), .lag(.seconds(1_000_000))])
    func monotone(aim: PollAim) {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<40 {
            var histogram = DurationHistogram()
            // Spikes, gaps, the ends of the range, next to nothing, and more than memory holds.
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let bin =
                    [0, DurationBins.count - 1, Int.random(in: 0..<DurationBins.count, using: &random)].randomElement(using: &random) ?? 0
                histogram.learn([(bin, [1e-300, 0.01, 1, 1000].randomElement(using: &random) ?? 1)])
            }
            let forecast = DurationForecast(histogram, aim: aim)
            var before = 0.0
            for waited in [0, 0.5, 1, 7, 59, 60, 61, 3600, 86_400, 1_000_000, 1e9] {
                let next = forecast.next(after: waited, step: 1)
                #expect(next > waited && next >= before && next.isFinite, "after \(waited) s: \(next) s")
                before = next
            }
        }
    }

    @Test("jobs that were created together are not checked together") func herd() {
        let forecast = DurationForecast.exports(of: .seconds(900))
        let first = (0..<1000).map {
            PollPolicy.learned().nextDelay(
                waited: .zero, hints: PollHints(moment: PollMoment(forecast: forecast)), random: Double($0) / 1000)
        }
        let times = first.map { $0.time / .seconds(1) }
        let busiest = Dictionary(grouping: times) { Int($0) }.values.map(\.count).max() ?? 0
        #expect(busiest < 100, "in one second")
    }
}

@Suite("A histogram of durations") struct DurationHistogramTests {
    @Test("learns what is never found ready as a longer duration, not as none") func censored() {
        var histogram = DurationHistogram()
        let unknown = DurationForecast(aim: .usual)
        for _ in 0..<50 { histogram.learn(.ready(after: .seconds(290), upTo: .seconds(310)), knowing: unknown) }
        let before = DurationForecast(histogram, aim: .usual)
        for _ in 0..<50 { histogram.learn(.longer(than: .seconds(3000)), knowing: DurationForecast(histogram, aim: .usual)) }
        let after = DurationForecast(histogram, aim: .usual)
        func share(_ forecast: DurationForecast) -> Double { forecast.shares[DurationBins.index(of: 3000)...].reduce(0, +) }
        #expect(share(after) > share(before) + 0.4)
    }

    @Test("spreads an observation by what is known of its bins") func spread() {
        let known = DurationForecast.exports(of: .seconds(600))
        let shares = DurationHistogram.shares(of: .ready(after: .seconds(100), upTo: .seconds(1000)), knowing: known)
        #expect(abs(shares.reduce(0) { $0 + $1.weight } - 1) < 0.01)
        let near = shares.filter { abs($0.bin - DurationBins.index(of: 600)) <= 2 }.reduce(0) { $0 + $1.weight }
        #expect(near > 0.8)
    }

    @Test(
        "survives observations that cannot be",
        arguments: [
            ObservedDuration.ready(after: .zero, upTo: .zero), .ready(after: .seconds(50), upTo: .seconds(10)),
            .longer(than: .seconds(1e12)),
            .ready(after: .seconds(1e12), upTo: .seconds(2e12)), .ready(after: .seconds(-5), upTo: .seconds(-1)),
        ]) func odd(observed: ObservedDuration)
    {
        var histogram = DurationHistogram()
        histogram.learn(observed, knowing: DurationForecast(aim: .usual))
        #expect(abs(histogram.total - 1) < 0.01)
        let forecast = DurationForecast(histogram, aim: .usual)
        #expect(forecast.shares.allSatisfy { $0 >= 0 && $0.isFinite })
        #expect(forecast.next(after: 0, step: 1) > 0)
    }

    @Test("forgets: after many other exports, an early one counts for nothing") func forgets() {
        var histogram = DurationHistogram()
        histogram.learn([(10, 1)])
        for _ in 0..<600 { histogram.learn([(90, 1)]) }
        #expect(histogram.weights[10] < 0.01 && abs(histogram.total - DurationHistogram.memory) < 2)
    }
}
