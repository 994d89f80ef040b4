import ExportCore
import Foundation
import HTTPClient
import ProviderAPI

/// One export from its creation to its files, decided by the same machine as that of the services, in memory.
struct Trial: Sendable {
    let client: ProviderClient
    let job: JobContext
    let page: TrialPage
    let stop: TryProviderCommand.Stop
    let asks: Bool
    let folder: String?
    /// The longest wait, unless the provider asked for a longer one; `nil`: as long as a job waits.
    let longestWait: Duration?
    /// Whether the export of an earlier trial is looked for.
    var findsFirst = false
    /// Whether a recording answers: nothing is waited for.
    var isReplay = false

    /// What is known so far.
    private struct Progress {
        var state = JobState(status: .pending)
        var handle = "{}"
        var readyPage: ListedPage?
        var next: String?
        var files: [TrialFile] = []
        var createdAt = ContinuousClock.now
        var checks = 0
        var isCreated = false
        /// Whether the last request failed and is sent again.
        var isRepeated = false
        /// Whether the provider has said that the export failed.
        var hasFailed = false
        /// Whether a part of the export was left out without a request.
        var isSkipped = false
    }

    private struct Stopped: Error {}

    /// How a trial ends.
    enum Ending {
        /// The export came as far as it was asked to.
        case done
        case failed, interrupted
    }

    func run() async -> Ending {
        var progress = Progress()
        do {
            let isGood = try await advance(&progress)
            if !isGood || stop != .download { tellWhatRuns(progress) }
            return isGood ? .done : .failed
        } catch {
            page.line("")
            page.note(error is Stopped ? "stopped" : "interrupted")
            tellWhatRuns(progress)
            return Task.isCancelled ? .interrupted : .failed
        }
    }

    private func advance(_ progress: inout Progress) async throws -> Bool {
        let machine = JobMachine(rules: client.definition.jobRules)
        while true {
            guard let event = try await step(&progress) else { return true }
            progress.state.waited = .now - progress.createdAt
            guard let decision = machine.decide(event, in: progress.state, random: Double.random(in: 0..<1)) else { return false }
            if let failure = event.failure { page.bad("\(failure.code) (\(failure.failureClass.rawValue)): \(failure.message)") }
            progress.state = decision.state
            if let failure = event.failure, Self.isHopeless(failure) {
                page.note(
                    failure.concernsProvider
                        ? "a job would wait; if other jobs are refused, too, the provider is held until this is put right"
                        : "a job would ask again")
                return false
            }
            if let error = decision.error {
                // What was just printed is not said again.
                let isSaid = event.failure?.message == error.message || progress.hasFailed
                page.bad("the job fails: \(error.code)" + (isSaid ? "" : ": \(error.message)"))
                return false
            }
            progress.isRepeated = event.failure != nil
            if case .created = event { (progress.createdAt, progress.isCreated) = (.now, true) }
            if isReached(event, progress) { return true }
            // The listing follows at once; the timer is only its lease.
            if decision.state.status == .processing { return try await download(progress) }
            if case .after(let delay) = decision.timer, event != .ready, !isPage(event), !progress.isSkipped {
                try await wait(delay, event)
            }
        }
    }

    private func isPage(_ event: JobEvent) -> Bool { if case .pageListed = event { true } else { false } }

    /// - Returns: `nil` if there is nothing more to do.
    private func step(_ progress: inout Progress) async throws -> JobEvent? {
        switch progress.state.status {
        case .pending: return try await create(&progress)
        case .polling: return try await check(&progress)
        case .ready: return try await list(&progress)
        case .processing, .completed, .failed: return nil
        }
    }

    private func isReached(_ event: JobEvent, _ progress: Progress) -> Bool {
        switch stop {
        case .create: progress.isCreated
        case .status: progress.checks > 0 && event.failure == nil
        case .files: progress.state.status == .processing
        case .download: false
        }
    }

    private func create(_ progress: inout Progress) async throws -> JobEvent {
        if findsFirst, !progress.isRepeated {
            if let event = try await find(&progress) { return event }
        }
        try ask("create" + (progress.isRepeated ? ", again" : ""), "create the export")
        let outcome = await client.create(job)
        if let handle = outcome.exportHandle {
            progress.handle = handle
            let shown = ExportHandle(handle).values
            if case .adopted = outcome { page.good("adopted an export that exists: \(shown)") } else { page.good("export \(shown)") }
        }
        return outcome.event(hints: PollHints(isDueAtOnce: client.definition.beginsWithRequest))
    }

    /// Looks for an export of an earlier trial. A job does so after a create that was interrupted.
    private func find(_ progress: inout Progress) async throws -> JobEvent? {
        try ask("find", "look for the export of an earlier trial")
        switch await client.find(job) {
        case .found(let handle):
            progress.handle = handle
            page.good("found \(ExportHandle(handle).values)")
            return CreateOutcome.adopted(exportHandle: handle).event(hints: PollHints(isDueAtOnce: client.definition.beginsWithRequest))
        case .notFound:
            page.good("there is none")
            return nil
        case .failed(let failure): return .stepFailed(failure)
        }
    }

    private func check(_ progress: inout Progress) async throws -> JobEvent {
        if let step = ExportHandle(progress.handle).step {
            try ask("step \(step + 1) of \(client.definition.steps)", "go on")
        } else {
            progress.checks += 1
            try ask("status \(progress.checks)", "ask for the status")
        }
        let answer = await client.answer(job, exportHandle: progress.handle)
        progress.handle = answer.exportHandle ?? progress.handle
        if case .advanced = answer.outcome { progress.isSkipped = !answer.wasAsked } else { progress.isSkipped = false }
        switch answer.outcome {
        case .queued: page.good("queued")
        case .running(let share, _): page.good("running" + (share.map { " \(Int($0 * 100)) %" } ?? ""))
        case .ready(let handle, let listed):
            progress.handle = handle ?? progress.handle
            progress.readyPage = listed
            page.good("ready" + (handle.map { ": \(ExportHandle($0).values)" } ?? ""))
        case .advanced(let handle, _):
            progress.handle = handle
            if answer.wasAsked { page.good("done") } else { page.line("    " + Terminal.paint("left out: its when is not true", .grey)) }
        case .empty: page.good("ready, and empty")
        case .failed(let code, let message):
            progress.hasFailed = true
            page.bad("the export failed: \(code): \(message)")
        case .expired: page.bad("the export has expired")
        case .unknownStatus(let word, _): page.bad(JobError.unknownStatus(word))
        case .failure: break
        }
        return answer.outcome.event()
    }

    private func list(_ progress: inout Progress) async throws -> JobEvent {
        let listed: ListedPage
        let token = progress.next
        if client.definition.data != nil { return await nameData(&progress) }
        if let ready = progress.readyPage {
            page.step("files")
            page.good("listed by the answer that made the export ready")
            listed = ready
            progress.readyPage = nil
        } else {
            try ask(progress.next == nil ? "files" : "files, next page", "list the files")
            switch await client.files(job, exportHandle: progress.handle, page: progress.next) {
            case .failure(let failure): return .stepFailed(failure)
            case .page(let files, let next): listed = ListedPage(files: files, next: next)
            }
        }
        if listed.files.isEmpty, listed.next == nil, progress.files.isEmpty, client.definition.emptyList != .ok {
            return .stepFailed(
                Failure(
                    .notYet, code: JobError.nothingListed, message: "files.items gives no file; an empty export needs files: { none: ok }"))
        }
        for file in listed.files { page.good(Self.described(file)) }
        progress.files += listed.files.map { TrialFile(file: $0, page: token) }
        progress.next = listed.next
        return .pageListed(added: listed.files.count, isLast: listed.next == nil)
    }

    /// The file that pages of data become.
    private func nameData(_ progress: inout Progress) async -> JobEvent {
        do throws(Failure) {
            let file = try await client.dataFile(job, exportHandle: progress.handle)
            progress.files = [TrialFile(file: file, page: nil)]
            return .pageListed(added: 1, isLast: true)
        } catch {
            return .stepFailed(error)
        }
    }

    private static func described(_ file: ListedFile) -> String {
        let url = file.url.prefix { $0 != "?" }
        return "\(file.name)" + (file.bytes.map { "  \(TrialPage.size(Int($0)))" } ?? "") + "  \(url)"
    }

    private func download(_ progress: Progress) async throws -> Bool {
        let files = progress.files
        let transfer = TrialTransfer(
            download: TrialDownload(client: client, job: job, exportHandle: progress.handle, page: page, folder: folder), ask: ask,
            wait: { try await wait($0, .stepFailed($1)) })
        var total = 0
        for (index, file) in files.enumerated() {
            let place = files.count > 1 ? " \(index + 1) of \(files.count)" : " 1 of 1"
            guard let bytes = try await transfer.run(file, place) else { return false }
            total += bytes
        }
        page.line("")
        page.good("\(counted(files.count, "file")), \(TrialPage.size(total))" + (folder.map { " in \($0)" } ?? ""))
        return try await cleanUp(progress)
    }

    private func cleanUp(_ progress: Progress) async throws -> Bool {
        guard client.definition.cleansUp else { return true }
        try ask("clean-up", "remove the export at the provider")
        if case .failure(let failure) = await client.cleanUp(job, exportHandle: progress.handle) {
            page.bad("\(failure.code): \(failure.message)")
            return false
        }
        page.good("removed at the provider")
        return true
    }

    /// What a job would wait for, until an operator acts.
    static func isHopeless(_ failure: Failure) -> Bool { failure.concernsProvider || failure.code == "unexpected-answer" }

    private func ask(_ name: String, _ question: String) throws {
        try Task.checkCancellation()
        page.step(name)
        guard asks else { return }
        while true {
            Terminal.write("  Enter to \(question), q to stop: ")
            switch readLine()?.lowercased() {
            case "", "y", "yes": return
            case nil, "q", "quit", "n", "no": throw Stopped()
            default: continue
            }
        }
    }

    private func wait(_ delay: Duration, _ event: JobEvent) async throws {
        let asked = event.failure?.retryAfter ?? event.hints?.retryAfter ?? .zero
        let wait = longestWait.map { min(delay, max($0, asked)) } ?? delay
        let what = if case .exportFailed = event { "created again" } else { event.failure == nil ? "next check" : "again" }
        guard wait > .milliseconds(50) else { return }
        let at = Date(timeIntervalSinceNow: wait / .seconds(1)).formatted(.iso8601.time(includingFractionalSeconds: false))
        let note = wait < delay ? " (a job waits \(Self.seconds(delay)) s; --real-time waits so, too)" : ""
        page.line("    " + Terminal.paint("\(what) in \(Self.seconds(wait)) s, at \(at)\(note)", .grey))
        if !isReplay { try await Task.sleep(for: wait) }
    }

    private static func seconds(_ time: Duration) -> Double { (time / .seconds(1) * 10).rounded() / 10 }

    private func tellWhatRuns(_ progress: Progress) {
        guard progress.isCreated, !isReplay else { return }
        let export = ExportHandle(progress.handle).values
        page.note(
            progress.state.status == .polling
                ? "the export \(export) may still run at the provider" : "the export \(export) stays at the provider")
        guard !progress.state.status.isFinal else { return }
        let safety = client.definition.createSafety
        if safety.contains(.idempotencyKey) || safety.contains(.find) {
            let find = safety.contains(.find) ? " --find" : ""
            page.note("continue with the same export: --id \(job.request.id)\(find)")
        }
    }
}
