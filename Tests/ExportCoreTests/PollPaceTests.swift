import ExportCore
import Testing

@Suite("The pace of a provider's checks") struct PollPaceTests {
    private let begin = ContinuousClock.now

    @Test("falls at once when it throttles, once for requests that were under way together, and recovers step by step") func throttled() {
        var pace = PollPace()
        #expect(pace.stretch == 1)
        for millisecond in 0..<100 { pace.answered(isThrottled: true, isSlow: false, now: begin + .milliseconds(millisecond)) }
        #expect(abs(pace.stretch - 1 / 0.6) < 1e-9)
        pace.answered(isThrottled: true, isSlow: false, now: begin + .seconds(6))
        #expect(abs(pace.stretch - 1 / 0.36) < 1e-9)
        var stretches = [pace.stretch]
        for second in 7..<300 {
            pace.answered(isThrottled: false, isSlow: false, now: begin + .seconds(second))
            stretches.append(pace.stretch)
        }
        #expect(zip(stretches, stretches.dropFirst()).allSatisfy { $1 <= $0 }, "it only recovers")
        #expect(pace.stretch == 1)
        #expect(stretches[60] > 1.2, "but not at once")
    }

    @Test("falls less when answers are slow, and never below a sixteenth") func bounds() {
        var slow = PollPace()
        slow.answered(isThrottled: false, isSlow: true, now: begin)
        #expect(slow.stretch == 1.25)
        var pace = PollPace()
        for minute in 0..<100 { pace.answered(isThrottled: true, isSlow: true, now: begin + .seconds(minute * 60)) }
        #expect(pace.stretch == 16)
    }
}

@Suite("The tally of a kind of exports") struct PollTallyTests {
    private func found(pushed: Bool = false, waited: Int = 100, predicted: Int? = 80) -> FoundExport {
        FoundExport(
            checks: 4, lag: .seconds(20), waited: .seconds(waited), predicted: predicted.map { .seconds($0) }, wasPushed: pushed)
    }

    @Test("has the mean of checks, lag and error, in which old exports fade") func means() {
        var tally = PollTally()
        #expect(tally.pollsPerJob == nil && tally.meanError == nil && tally.thinning == 1)
        for _ in 0..<10 { tally.add(found()) }
        #expect(tally.pollsPerJob == 4 && tally.wastedPerJob == 3 && tally.meanLag == .seconds(20))
        #expect(tally.meanError == 0, "80 s were predicted, and it took 100 less the lag")
        tally.forget(2000)
        tally.add(found(predicted: 40))
        #expect(abs((tally.meanError ?? 0) - 1) < 0.01)
        #expect(PollTally(sums: tally.sums) == tally)
    }

    @Test("thins out the checks once pushes have proved reliable, and not when they begin to fail") func thinning() {
        var tally = PollTally()
        for _ in 0..<19 { tally.add(found(pushed: true)) }
        #expect(tally.thinning == 1, "too few")
        for _ in 0..<100 {
            tally.forget(1)
            tally.add(found(pushed: true))
        }
        #expect(tally.thinning == 4)
        for _ in 0..<15 {
            tally.forget(1)
            tally.add(found(pushed: false))
        }
        #expect(tally.thinning == 1)
    }
}

@Suite("Checks that one request asks for") struct GatheredDelaysTests {
    private func due(_ delay: Double, at clock: Double, _ policy: PollPolicy = .fixed(interval: .seconds(180)), retryAfter: Duration? = nil)
        -> Double
    {
        let hints = PollHints(retryAfter: retryAfter, moment: PollMoment(clock: .seconds(clock)))
        return clock + policy.nextDelay(waited: .seconds(delay), hints: hints, random: (clock * 7).truncatingRemainder(dividingBy: 1)).time
            / .seconds(1)
    }

    @Test("fall due at few instants, although their delays differ") func together() {
        let instants = (0..<1000).map { due(0, at: 1000 + Double($0) * 0.173) }
        #expect(Set(instants.map { Int($0.rounded()) }).count < 20)
        #expect(instants.allSatisfy { abs($0.rounded() - $0) < 1e-6 }, "at whole seconds")
        let delays = zip(0..., instants).map { $1 - (1000 + Double($0) * 0.173) }
        #expect(delays.allSatisfy { (150...212).contains($0) }, "by a sixteenth and the jitter more or less")
        #expect(abs(delays.reduce(0, +) / 1000 - 180) < 4, "not later in the mean")
    }

    @Test("come no earlier than a Retry-After or the shortest delay, and no later than the longest") func bounds() {
        for step in 0..<500 {
            let clock = 1000 + Double(step) * 0.371
            #expect(due(0, at: clock, retryAfter: .seconds(200)) - clock >= 200 - 1e-9)
            let learned = PollPolicy.learned(aim: .checks(8), min: .seconds(100), max: .seconds(110))
            let delay = due(50, at: clock, learned) - clock
            #expect(delay >= 100 - 1e-9 && delay <= 110 + 1e-9, "\(delay)")
        }
    }
}
