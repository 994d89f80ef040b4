import ExportCore
import Foundation
import Testing

private let machine = FileMachine(rules: .init(retry: RetryPolicy(attempts: 3, base: .seconds(1)), watchdog: .seconds(60)))
private let transient = Failure(.transient, code: "http-503", message: "busy")
private let permanent = Failure(.permanent, code: "http-400", message: "bad request")

private let states: [FileState] = [
    .listed(token: 4), .queued(token: 4, since: 0, copies: 0), .leased(token: 4), .backoff(token: 4), .stored(token: 4), .failed(token: 4),
]
private let events: [FileEvent] = [
    .published, .claimed(isTimerDue: false), .claimed(isTimerDue: true), .stored, .failed(transient, attempt: 1),
    .failed(transient, attempt: 3),
    .failed(permanent, attempt: 1), .handedBack, .timerFired, .stillQueued(waited: .seconds(3600)), .jobRetried(base: 9), .jobEnded,
]

@Suite("The file machine") struct FileMachineTests {
    @Test("makes exactly the transitions that the page draws") func diagram() throws {
        var found: Set<String> = []
        for state in states {
            for event in events {
                guard let decision = machine.decide(event, in: state) else { continue }
                found.insert("\(state.kind.rawValue) --> \(decision.state.kind.rawValue): \(name(of: event))")
            }
        }
        let drawn = try transitionsOnThePage("## The files of a job")
        #expect(found.subtracting(drawn).sorted() == [], "made, but not drawn")
        #expect(drawn.subtracting(found).sorted() == [], "drawn, but not made")
    }

    @Test("gives a timer to a file that is leased or in backoff, and to no other") func timers() {
        for state in states {
            for event in events where event != .jobEnded {
                guard let decision = machine.decide(event, in: state) else { continue }
                #expect((decision.timer == .remove) == !decision.state.kind.hasTimer, "\(event) in \(state)")
            }
        }
    }

    @Test("never gives a token out twice") func tokens() {
        for state in states {
            for event in events where event != .jobEnded {
                guard let next = machine.decide(event, in: state)?.state else { continue }
                #expect(next.token >= state.token)
                if case .leased = next { #expect(next.token > state.token) }
            }
        }
    }

    @Test(
        "leaves a file alone that another worker has, or whose backoff is not over",
        arguments: [FileState.leased(token: 1), .backoff(token: 1)])
    func busy(state: FileState) {
        #expect(machine.decide(.claimed(isTimerDue: false), in: state) == nil)
        #expect(machine.decide(.claimed(isTimerDue: true), in: state)?.state == .leased(token: 2))
    }

    @Test("tries a file again while its attempts last, and then gives it up with a dead letter") func attempts() throws {
        let again = try #require(machine.decide(.failed(transient, attempt: 2), in: .leased(token: 2), random: 0.5))
        #expect((again.state, again.timer) == (.backoff(token: 2), .after(.seconds(1))))
        #expect((again.count, again.actions) == (.unchanged, []))
        let last = try #require(machine.decide(.failed(transient, attempt: 3), in: .leased(token: 3)))
        #expect(last.state == .failed(token: 3))
        #expect(last.count == .failed(JobError(code: "http-503", message: "busy")))
        #expect(last.actions == [.publishDeadLetter(transient, attempts: 3)])
    }

    @Test("gives a file up at once when retrying cannot help") func permanentFailure() {
        #expect(machine.decide(.failed(permanent, attempt: 1), in: .leased(token: 1))?.state == .failed(token: 1))
    }

    @Test("waits, without using up an attempt, when the other side asks to come later or the worker shuts down") func uncounted() {
        let throttled = Failure(.throttled, code: "http-429", message: "later", retryAfter: .seconds(30))
        let later = machine.decide(.failed(throttled, attempt: 3), in: .leased(token: 3))
        #expect((later?.state, later?.timer, later?.usesAttempt) == (.backoff(token: 3), .after(.seconds(30)), false))
        let handedBack = machine.decide(.handedBack, in: .leased(token: 3))
        #expect((handedBack?.state, handedBack?.timer, handedBack?.usesAttempt) == (.backoff(token: 3), .after(.zero), false))
    }

    @Test("gives up a file whose earlier attempts killed their workers") func exhausted() {
        #expect(machine.verdictAtClaim(attempt: 3, in: .leased(token: 3)) == nil)
        let verdict = machine.verdictAtClaim(attempt: 4, in: .leased(token: 4))
        #expect(verdict?.state == .failed(token: 4))
        #expect(verdict?.count == .failed(JobError(code: "file-attempts-exhausted", message: "3 attempts brought no result")))
    }

    @Test("publishes the message of a listed file when it is the job's turn, and lets a message that comes before it claim the file")
    func turn() {
        let decision = machine.decide(.published, in: .listed(token: 4))
        #expect((decision?.state, decision?.actions) == (.queued(token: 4, since: nil, copies: 0), [.publishMessage]))
        #expect(machine.decide(.published, in: .queued(token: 4, since: 0, copies: 0)) == nil)
        #expect(machine.decide(.claimed(isTimerDue: false), in: .listed(token: 4))?.state == .leased(token: 5))
    }

    @Test("publishes a message again that seems lost, each time after twice as long, up to eight times") func lostMessages() {
        for (copies, bound) in [(0, 60), (1, 120), (2, 240), (3, 480), (7, 480)] {
            let state = FileState.queued(token: 1, since: 0, copies: copies)
            #expect(machine.decide(.stillQueued(waited: .seconds(bound - 1)), in: state) == nil)
            let decision = machine.decide(.stillQueued(waited: .seconds(bound)), in: state)
            #expect(decision?.state == .queued(token: 1, since: nil, copies: copies + 1))
            #expect(decision?.actions == [.publishMessage])
        }
    }

    @Test("starts a file over that is not stored when its job is retried") func retried() {
        for state in states {
            let next = machine.decide(.jobRetried(base: 9), in: state)?.state
            #expect(next == (state.kind == .stored ? nil : .listed(token: 9)))
        }
    }
}

private func name(of event: FileEvent) -> String { String("\(event)".prefix { $0 != "(" }) }
