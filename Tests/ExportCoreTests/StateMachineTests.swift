import ExportCore
import Foundation
import Testing

private let transient = Failure(.transient, code: "http-503", message: "busy")
private let permanent = Failure(.permanent, code: "http-400", message: "bad request")
private let error = JobError(code: "broken", message: "it broke")

/// One event of each kind and variant that the rules tell apart.
private let events: [JobEvent] = [
    .created(PollHints()), .stepFailed(transient), .stepFailed(permanent), .notReady(PollHints()), .unknownStatus("ODD", PollHints()), .ready, .empty,
    .exportFailed(error), .pageListed(isLast: false), .pageListed(isLast: true), .watchdogFired, .fileFailed(error), .manifestWritten,
    .cancelled,
]

/// States in each status from which every transition can be reached: fresh, and with each bound about to be passed.
private func states(in status: JobStatus) -> [JobState] {
    [
        JobState(status: status), JobState(status: status, attempts: 499, failures: 7, unknownStatuses: 4),
        JobState(status: status, filesTotal: 3, filesDone: 1),
    ]
}

private let machine = JobStateMachine(rules: JobRules())

@Suite("The state machine") struct StateMachineTests {
    @Test("makes exactly the transitions that the page draws") func diagram() throws {
        var found: Set<String> = []
        for status in JobStatus.allCases {
            for state in states(in: status) {
                for event in events {
                    guard let decision = machine.decide(event, in: state, random: 0.5) else { continue }
                    found.insert("\(status.rawValue) --> \(decision.state.status.rawValue): \(name(of: event))")
                }
            }
        }
        let drawn = try transitionsOnThePage()
        #expect(found.subtracting(drawn).sorted() == [], "made, but not drawn")
        #expect(drawn.subtracting(found).sorted() == [], "drawn, but not made")
    }

    @Test("sets a timer with every decision that is not final, and removes it with every one that is", arguments: JobStatus.allCases)
    func timers(status: JobStatus) {
        for state in states(in: status) {
            for event in events {
                for random in [0, 0.5, 0.999] {
                    guard let decision = machine.decide(event, in: state, random: random) else { continue }
                    switch decision.timer {
                    case .after(let delay):
                        #expect(!decision.state.status.isFinal)
                        #expect(delay >= .zero)
                    case .remove:
                        #expect(decision.state.status.isFinal)
                    }
                    #expect((decision.error != nil) == (decision.state.status == .failed))
                }
            }
        }
    }

    @Test("changes nothing in a job that is over", arguments: [JobStatus.completed, .failed], events)
    func finalStates(status: JobStatus, event: JobEvent) {
        #expect(machine.decide(event, in: JobState(status: status), random: 0) == nil)
    }

    @Test("counts checks, and forgets failures in a row at the first answer") func counting() throws {
        let state = JobState(status: .polling, attempts: 3, failures: 2, unknownStatuses: 1, claims: 4)
        let decision = try #require(machine.decide(.notReady(PollHints()), in: state, random: 0))
        #expect(decision.state.attempts == 4)
        #expect(decision.state.failures == 0)
        #expect(decision.state.unknownStatuses == 0)
        #expect(decision.state.claims == 0)
    }

    @Test("fails a job with the failure's code when its attempts are used up, and at once when retrying cannot help")
    func exhaustion() throws {
        let last = JobState(status: .pending, failures: JobRules().retry.attempts - 1)
        #expect(machine.decide(.stepFailed(transient), in: last, random: 0)?.error?.code == "http-503")
        #expect(machine.decide(.stepFailed(permanent), in: JobState(status: .pending), random: 0)?.error?.code == "http-400")
    }

    @Test("fails a job after the bounded number of unknown statuses in a row") func unknownStatus() throws {
        var state = JobState(status: .polling)
        for _ in 1..<JobRules().unknownStatusLimit {
            let decision = try #require(machine.decide(.unknownStatus("ODD", PollHints()), in: state, random: 0))
            #expect(decision.state.status == .polling)
            state = decision.state
        }
        let verdict = try #require(machine.decide(.unknownStatus("ODD", PollHints()), in: state, random: 0))
        #expect(verdict.error?.code == "unknown-status")
        #expect(verdict.error?.message.contains("ODD") == true)
    }

    @Test("fails a job after the most checks") func maxAttempts() {
        let state = JobState(status: .polling, attempts: JobRules().maxAttempts - 1)
        #expect(machine.decide(.notReady(PollHints()), in: state, random: 0)?.error?.code == "max-attempts-exceeded")
    }

    @Test("sets the last check at the end of the longest wait, and fails the job at that check") func maxWait() throws {
        let machine = JobStateMachine(rules: JobRules(polling: .fixed(interval: .seconds(60)), maxWait: .seconds(100)))
        let state = JobState(status: .polling, waited: .seconds(90))
        let decision = try #require(machine.decide(.notReady(PollHints()), in: state, random: 0.5))
        #expect(decision.timer == .after(.seconds(10)))
        let last = JobState(status: .polling, waited: .seconds(100))
        #expect(machine.verdictAtClaim(last) == nil, "it may be ready now")
        #expect(machine.decide(.ready, in: last, random: 0)?.state.status == .ready)
        #expect(machine.decide(.notReady(PollHints()), in: last, random: 0)?.error?.code == "max-wait-exceeded")
        #expect(machine.verdictAtClaim(JobState(status: .pending, waited: .seconds(100)))?.error?.code == "max-wait-exceeded")
    }

    @Test("does not wait for a Retry-After that leads past the longest wait") func longRetryAfter() {
        let state = JobState(status: .polling, waited: .seconds(60))
        let hints = PollHints(retryAfter: .seconds(365 * 86_400))
        #expect(machine.decide(.notReady(hints), in: state, random: 0)?.error?.code == "max-wait-exceeded")
        let throttled = Failure(.throttled, code: "http-429", message: "later", retryAfter: .seconds(365 * 86_400))
        #expect(machine.decide(.stepFailed(throttled), in: state, random: 0)?.error?.code == "max-wait-exceeded")
    }

    @Test("takes what is known of the provider's durations for the first check") func firstCheck() throws {
        let hints = PollHints(usualDuration: .seconds(300))
        let decision = try #require(machine.decide(.created(hints), in: JobState(status: .pending), random: 0.5))
        #expect(decision.timer == .after(.seconds(120)))
    }

    @Test("does not count the time of the transfer as waiting") func slowTransfer() {
        #expect(machine.verdictAtClaim(JobState(status: .processing, waited: .seconds(1_000_000))) == nil)
    }

    @Test("fails a job whose wakes bring no result") func crashLoop() {
        let limit = JobRules().claimLimit
        #expect(machine.verdictAtClaim(JobState(status: .polling, claims: limit)) == nil)
        #expect(machine.verdictAtClaim(JobState(status: .polling, claims: limit + 1))?.error?.code == "claims-exhausted")
    }

    @Test("asks for the manifest when the last page comes after the last file") func manifestAfterListing() {
        let state = JobState(status: .ready, filesTotal: 2, filesDone: 2)
        #expect(machine.decide(.pageListed(isLast: true), in: state, random: 0)?.action == .writeManifest)
    }

    @Test("does not complete a job with files missing") func manifestTooEarly() {
        #expect(machine.decide(.manifestWritten, in: JobState(status: .processing, filesTotal: 2, filesDone: 1), random: 0) == nil)
    }
}

private func name(of event: JobEvent) -> String {
    String("\(event)".prefix { $0 != "(" })
}

/// `FROM --> TO: event` for each event on each arrow of the page's diagram.
private func transitionsOnThePage() throws -> Set<String> {
    let page = URL(filePath: #filePath).appending(path: "../../../ops/docs/state-machine.md").standardized
    var transitions: Set<String> = []
    for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") where line.contains(" --> ") {
        let halves = line.trimmingCharacters(in: .whitespaces).components(separatedBy: ": ")
        guard halves.count == 2 else { continue }
        for event in halves[1].components(separatedBy: ", ") { transitions.insert("\(halves[0]): \(event)") }
    }
    return transitions
}
