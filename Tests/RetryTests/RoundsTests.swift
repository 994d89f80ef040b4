import Retry
import Testing

private struct Refusal: Error {}

/// A pause of an hour stands for one that must be cut short.
@Suite("Rounds", .timeLimit(.minutes(1)))
struct RoundsTests {
    private static let hour = Duration.seconds(3600)

    @Test("follow each other at once, or after the pause that a round asks for") func pauses() async {
        let rounds = Rounds(), begun = ContinuousClock.now
        var count = 0
        await rounds.run {
            count += 1
            if count == 5 { rounds.stop() }
            return count == 2 ? .milliseconds(50) : .zero
        } onFailure: { (_: Never) in
        }
        #expect(count == 5)
        #expect(.now - begun >= .milliseconds(50))
    }

    @Test("go on after a failure, which is reported") func failures() async {
        let rounds = Rounds(Backoff(base: .microseconds(1), cap: .microseconds(10)))
        var (count, reported) = (0, 0)
        await rounds.run { () throws(Refusal) in
            count += 1
            if count == 4 { rounds.stop() }
            if count < 4 { throw Refusal() }
            return .zero
        } onFailure: { _ in
            reported += 1
        }
        #expect(count == 4 && reported == 3)
    }

    @Test("forget failures after a success: pauses do not grow") func reset() async {
        // The fortieth failure in a row would be followed by a pause of up to an hour.
        let rounds = Rounds(Backoff(base: .microseconds(1), cap: Self.hour))
        var count = 0
        await rounds.run { () throws(Refusal) in
            count += 1
            if count == 80 { rounds.stop() }
            if count % 2 == 0 { throw Refusal() }
            return .zero
        } onFailure: { _ in
        }
        #expect(count == 80)
    }

    @Test("do not begin once they are stopped") func stopped() async {
        let rounds = Rounds()
        rounds.stop()
        await rounds.run {
            Issue.record("a round began")
            return .zero
        } onFailure: { (_: Never) in
        }
        #expect(rounds.isStopped)
    }

    enum Wait: CaseIterable { case afterRound, afterFailure, withinRound }
    enum End: CaseIterable { case stop, cancellation }

    @Test("end within a pause", arguments: Wait.allCases, End.allCases) func end(wait: Wait, end: End) async {
        let rounds = Rounds(Backoff(base: Self.hour, cap: Self.hour))
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            var (count, reported) = (0, 0)
            await rounds.run { () async throws(Refusal) in
                count += 1
                signal.yield()
                switch wait {
                case .afterRound: return Self.hour
                case .afterFailure: throw Refusal()
                case .withinRound:
                    await rounds.pause(for: Self.hour)
                    return .zero
                }
            } onFailure: { _ in
                reported += 1
            }
            return (count, reported)
        }
        // The round has begun. Whether its pause has, does not matter.
        for await _ in begun { break }
        switch end {
        case .stop: rounds.stop()
        case .cancellation: running.cancel()
        }
        let (count, reported) = await running.value
        #expect(count == 1)
        #expect(wait == .afterFailure || reported == 0)
    }

    @Test("do not report the failure of a cancelled task") func cancelled() async {
        let running = Task {
            var reported = 0
            await Rounds().run { () throws(Refusal) in
                withUnsafeCurrentTask { $0?.cancel() }
                throw Refusal()
            } onFailure: { _ in
                reported += 1
            }
            return reported
        }
        #expect(await running.value == 0)
    }
}
