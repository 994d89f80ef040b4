import ExportCore
import Foundation
import Testing

private let transient = Failure(.transient, code: "http-503", message: "busy")
private let permanent = Failure(.permanent, code: "http-400", message: "bad request")
private let error = JobError(code: "broken", message: "it broke")

/// One event of each kind and variant that the rules tell apart.
private let events: [JobEvent] = [
    .created(PollHints()), .stepFailed(transient), .stepFailed(permanent), .notReady(PollHints()), .unknownStatus("ODD", PollHints()),
    .advanced(PollHints()), .advanced(PollHints(isDueAtOnce: true)), .advanced(PollHints(retryAfter: .seconds(86_400))), .ready, .empty,
    .exportFailed(error), .pageListed(added: 2, isLast: false), .pageListed(added: 0, isLast: true), .listingRefused(error),
    .watchdogFired(fileError: error), .manifestWritten, .cancelled, .cancelFailed(transient), .cancelFailed(permanent),
    .retryRequested(fromStart: false), .retryRequested(fromStart: true),
]

/// States in each status from which every transition can be reached: fresh, and with each bound about to be passed.
private func states(in status: JobStatus) -> [JobState] {
    [
        JobState(status: status), JobState(status: status, attempts: 499, failures: 7, unusableAnswers: 4),
        JobState(status: status, filesTotal: 3, filesDone: 1), JobState(status: status, filesTotal: 3, filesDone: 2, filesFailed: 1),
        JobState(status: status, filesTotal: 1, filesDone: 1, manifestClaims: 20),
    ] + [JobStatus.pending, .polling, .ready, .processing].map { JobState(status: status, resumeAt: $0) }
}

private let machine = JobMachine(rules: JobRules())
/// Recreates failed exports, and lets a job continue without files that cannot be fetched.
private let lenient = JobMachine(rules: JobRules(recreate: RecreatePolicy(attempts: 2), skipsFailedFiles: true))

@Suite("The job machine") struct JobMachineTests {
    @Test("makes exactly the transitions that the page draws") func diagram() throws {
        var found: Set<String> = []
        for status in JobStatus.allCases {
            for state in states(in: status) {
                for (machine, event) in events.flatMap({ event in [(machine, event), (lenient, event)] }) {
                    guard let decision = machine.decide(event, in: state, random: 0.5) else { continue }
                    found.insert("\(status.rawValue) --> \(decision.state.status.rawValue): \(name(of: event))")
                }
            }
        }
        let drawn = try transitionsOnThePage("# The life of a job")
        #expect(found.subtracting(drawn).sorted() == [], "made, but not drawn")
        #expect(drawn.subtracting(found).sorted() == [], "drawn, but not made")
    }

    @Test("sets a timer with every decision that is not final, and removes it with every one that is", arguments: JobStatus.allCases)
    func timers(status: JobStatus) {
        for state in states(in: status) {
            for (machine, event) in events.flatMap({ event in [(machine, event), (lenient, event)] }) {
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

    @Test(
        "changes nothing in a job that is over, but for a failed one that is to be retried", arguments: [JobStatus.completed, .failed],
        events)
    func finalStates(status: JobStatus, event: JobEvent) {
        if status == .failed, case .retryRequested = event { return }
        #expect(machine.decide(event, in: JobState(status: status), random: 0) == nil)
    }

    @Test("counts checks, and forgets failures in a row at the first answer") func counting() throws {
        let state = JobState(status: .polling, attempts: 3, failures: 2, unusableAnswers: 1, claims: 4)
        let decision = try #require(machine.decide(.notReady(PollHints()), in: state, random: 0))
        #expect(decision.state.attempts == 4)
        #expect(decision.state.failures == 0)
        #expect(decision.state.unusableAnswers == 0)
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
        let machine = JobMachine(rules: JobRules(polling: .fixed(interval: .seconds(60)), maxWait: .seconds(100)))
        let state = JobState(status: .polling, waited: .seconds(90))
        let decision = try #require(machine.decide(.notReady(PollHints()), in: state, random: 0.5))
        #expect(decision.timer == .after(.seconds(10)))
        let last = JobState(status: .polling, waited: .seconds(100))
        #expect(machine.verdictAtClaim(last) == nil, "it may be ready now")
        #expect(machine.decide(.ready, in: last, random: 0)?.state.status == .ready)
        #expect(machine.decide(.notReady(PollHints()), in: last, random: 0)?.error?.code == "max-wait-exceeded")
    }

    @Test("lets a job wait for its creation for as long as it takes, and counts its wait from there") func longBacklog() throws {
        let state = JobState(status: .pending, waited: .seconds(1_000_000))
        #expect(machine.verdictAtClaim(state) == nil)
        #expect(machine.decide(.stepFailed(transient), in: state, random: 0)?.state.status == .pending)
        let created = try #require(machine.decide(.created(PollHints()), in: state, random: 0))
        #expect(created.state.status == .polling)
        #expect(created.state.waited == .zero)
    }

    @Test("does not count it as a failure when the provider asks to come later", arguments: [JobStatus.pending, .polling, .ready])
    func throttled(status: JobStatus) throws {
        let throttled = Failure(.throttled, code: "http-429", message: "later", retryAfter: .seconds(30))
        let decision = try #require(machine.decide(.stepFailed(throttled), in: JobState(status: status, failures: 7), random: 0))
        #expect(decision.state.status == status)
        #expect(decision.state.failures == 7)
        #expect(decision.timer == .after(.seconds(30)))
    }

    @Test("remembers that a create may have taken effect, until one surely has") func uncertainCreate() throws {
        let lost = Failure(.transient, code: "timeout-first-byte", message: "no answer", mayHaveRun: true)
        let uncertain = try #require(machine.decide(.stepFailed(lost), in: JobState(status: .pending), random: 0)).state
        #expect(uncertain.createIsUncertain)
        #expect(machine.decide(.stepFailed(transient), in: uncertain, random: 0)?.state.createIsUncertain == true)
        #expect(machine.decide(.created(PollHints()), in: uncertain, random: 0)?.state.createIsUncertain == false)
    }

    @Test("does not forget it by a failure that says nothing, by a cancellation that could not be told, or by the job's end")
    func staysUncertain() throws {
        let claimed = JobState(status: .pending, claims: 2)
        #expect(machine.decide(.stepFailed(transient), in: claimed, random: 0)?.state.createIsUncertain == true)
        #expect(machine.decide(.cancelFailed(transient), in: claimed, random: 0)?.state.createIsUncertain == true)
        let failed = try #require(machine.decide(.stepFailed(permanent), in: claimed, random: 0)).state
        #expect(failed.createIsUncertain)
        let retried = try #require(machine.decide(.retryRequested(fromStart: false), in: failed, random: 0)).state
        #expect((retried.createIsUncertain, retried.creation) == (true, 0), "the same export is asked for again")
    }

    @Test("fails a job whose manifest brings no result, again and again") func manifestLimit() {
        let state = JobState(status: .processing, filesTotal: 1, filesDone: 1, manifestClaims: 20)
        #expect(machine.decide(.watchdogFired(fileError: nil), in: state, random: 0)?.error?.code == "manifest-failed")
        #expect(machine.decide(.manifestWritten, in: state, random: 0)?.state.status == .completed)
    }

    @Test("replaces an export that failed at the provider, under another number, as often as the provider file says") func recreation()
        throws
    {
        let first = try #require(lenient.decide(.exportFailed(error), in: JobState(status: .polling, attempts: 9), random: 0))
        #expect((first.state.status, first.state.creation, first.state.attempts) == (.pending, 1, 0))
        #expect(first.timer == .after(.seconds(60)))
        let last = try #require(
            lenient.decide(.exportFailed(error), in: JobState(status: .polling, creation: 2, recreations: 2), random: 0))
        #expect((last.state.status, last.state.resumeAt, last.state.creation) == (.failed, .pending, 3))
    }

    @Test("goes on without files that cannot be fetched where the provider file says so, unless none is left") func skipping() {
        let some = JobState(status: .processing, filesTotal: 3, filesDone: 2, filesFailed: 1)
        #expect(lenient.decide(.watchdogFired(fileError: error), in: some, random: 0)?.actions == [.publishManifest])
        #expect(lenient.decide(.manifestWritten, in: some, random: 0)?.state.status == .completed)
        #expect(machine.decide(.watchdogFired(fileError: error), in: some, random: 0)?.error == error)
        let none = JobState(status: .processing, filesTotal: 3, filesFailed: 3)
        #expect(lenient.decide(.watchdogFired(fileError: error), in: none, random: 0)?.error == error)
    }

    @Test("takes a failed job up where it failed, and with a new export where that one is over or on request") func retry() throws {
        let state = JobState(status: .processing, filesTotal: 3, filesDone: 2, filesFailed: 1)
        let failed = try #require(machine.decide(.watchdogFired(fileError: error), in: state, random: 0)).state
        let resumed = try #require(machine.decide(.retryRequested(fromStart: false), in: failed, random: 0))
        #expect((resumed.state.status, resumed.state.filesDone, resumed.state.filesFailed) == (.processing, 2, 0))
        #expect(resumed.timer == .after(.zero))
        let restarted = try #require(machine.decide(.retryRequested(fromStart: true), in: failed, random: 0))
        #expect((restarted.state.status, restarted.state.creation, restarted.state.filesTotal) == (.pending, 1, 0))
        let broken = try #require(machine.decide(.exportFailed(error), in: JobState(status: .polling), random: 0)).state
        let recreated = try #require(machine.decide(.retryRequested(fromStart: false), in: broken, random: 0)).state
        #expect((recreated.status, recreated.creation) == (.pending, 1))
    }

    @Test("ends a job on request although its provider could not be told, and says so") func cancelFailure() throws {
        let busy = JobState(status: .polling)
        #expect(machine.decide(.cancelFailed(transient), in: busy, random: 0)?.state.status == .polling)
        let given = try #require(machine.decide(.cancelFailed(permanent), in: busy, random: 0))
        #expect(given.error?.code == "cancelled")
        #expect(given.error?.message.contains("may still run") == true)
    }

    @Test("does not wait for a Retry-After that leads past the longest wait") func longRetryAfter() {
        let state = JobState(status: .polling, waited: .seconds(60))
        let hints = PollHints(retryAfter: .seconds(365 * 86_400))
        #expect(machine.decide(.notReady(hints), in: state, random: 0)?.error?.code == "max-wait-exceeded")
        let throttled = Failure(.throttled, code: "http-429", message: "later", retryAfter: .seconds(365 * 86_400))
        #expect(machine.decide(.stepFailed(throttled), in: state, random: 0)?.error?.code == "max-wait-exceeded")
    }

    @Test("takes what is known of the provider's durations for the first check") func firstCheck() throws {
        let hints = PollHints(moment: PollMoment(forecast: .exports(of: .seconds(300))))
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

    @Test("publishes the files of a page, and the manifest only when the last page finds every file ended") func pages() {
        let state = JobState(status: .ready, filesTotal: 2, filesDone: 2)
        func actions(_ added: Int, isLast: Bool, _ state: JobState) -> [JobAction]? {
            machine.decide(.pageListed(added: added, isLast: isLast), in: state, random: 0)?.actions
        }
        #expect(actions(0, isLast: true, state) == [.publishManifest])
        #expect(actions(3, isLast: true, state) == [.publishFiles(2..<5)], "an ordinary one-page export asks for no manifest yet")
        #expect(actions(3, isLast: false, state) == [.publishFiles(2..<5)])
        #expect(actions(0, isLast: false, state) == [])
        #expect(actions(14, isLast: true, state) == [.publishFiles(2..<16)], "a job of sixteen files waits for no turn")
        #expect(actions(15, isLast: true, state) == [.publishFiles(2..<16), .lineUp])
        let large = JobState(status: .ready, filesTotal: 16)
        #expect(actions(1000, isLast: false, large) == [.lineUp])
        #expect(actions(0, isLast: true, large) == [])
    }

    @Test("looks after a job at once whose list ends after one of its files failed") func failedWhileListing() {
        let state = JobState(status: .ready, filesTotal: 2, filesDone: 1, filesFailed: 1)
        #expect(machine.decide(.pageListed(added: 1, isLast: true), in: state, random: 0)?.timer == .after(.zero))
        #expect(machine.decide(.pageListed(added: 1, isLast: false), in: state, random: 0)?.timer == .after(JobRules().lease))
    }

    @Test("publishes a dead letter for every job that fails of itself, before its end is stored, except one that was cancelled")
    func deadLetters() {
        let failed = machine.decide(.stepFailed(permanent), in: JobState(status: .polling), random: 0)
        #expect(failed?.actions.filter(\.comesBeforeTheStore) == [.publishDeadLetter(JobError(code: "http-400", message: "bad request"))])
        #expect(machine.decide(.cancelled, in: JobState(status: .polling), random: 0)?.actions.filter(\.comesBeforeTheStore) == [])
    }

    @Test("publishes none for a job that fails because of a file: the file's letter stands for both") func fileLetters() {
        let state = JobState(status: .processing, filesTotal: 3, filesDone: 2, filesFailed: 1)
        for error in [error, nil] {
            let failed = machine.decide(.watchdogFired(fileError: error), in: state, random: 0)
            #expect(failed?.state.status == .failed)
            #expect(failed?.actions.filter(\.comesBeforeTheStore) == [])
        }
        let unwritten = JobState(status: .processing, filesTotal: 1, filesDone: 1, manifestClaims: 20)
        let failed = machine.decide(.watchdogFired(fileError: nil), in: unwritten, random: 0)
        #expect(failed?.actions.contains(where: \.comesBeforeTheStore) == true, "a manifest has no letter of its own")
    }

    @Test("frees the place of an export exactly when none runs any more", arguments: JobStatus.allCases) func places(status: JobStatus) {
        for state in states(in: status) {
            for event in events {
                guard let decision = machine.decide(event, in: state, random: 0.5) else { continue }
                let runs = (before: status == .polling, after: decision.state.status == .polling)
                let isFreed = decision.actions.contains(.releasePlace)
                #expect(!(isFreed && runs.after), "\(event) in \(status)")
                if runs.before, !runs.after { #expect(isFreed, "\(event) in \(status)") }
            }
        }
    }

    @Test("does not complete a job with files missing") func manifestTooEarly() {
        #expect(machine.decide(.manifestWritten, in: JobState(status: .processing, filesTotal: 2, filesDone: 1), random: 0) == nil)
    }
}

private func name(of event: JobEvent) -> String {
    String("\(event)".prefix { $0 != "(" })
}
