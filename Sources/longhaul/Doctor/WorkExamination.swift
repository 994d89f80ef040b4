import EventThread
import ExportCore
import JobStore

/// The jobs in the store: whether somebody works on them, and what is overdue or stuck.
struct WorkExamination: Sendable {
    let settings: Settings
    let thread: EventThread

    /// Later than that a timer fires only if nobody claims it, or Redis is at its limit.
    private static let late = Duration.seconds(30)
    /// So long a job may wait, be listed or be transferred before somebody should look.
    private static let long = Duration.seconds(3600)

    func findings() async -> [Finding] {
        // Another examination reports a store that cannot be reached.
        guard let connection = try? await StoreConnection.open(settings, name: "longhaul-doctor", on: thread, logger: Terminal.quietLogger)
        else { return [] }
        var findings: [Finding] = []
        do {
            findings.append(try await timers(connection.store))
            findings += try await jobs(connection.store)
            if let lost = LossExamination.finding(try await connection.store.losses()) { findings.append(lost) }
            findings.append(try await memory(connection.store))
            if let webhooks = try await webhooks(connection.store) { findings.append(webhooks) }
            if let events = try await events(connection.store) { findings.append(events) }
        } catch {
            findings.append(.bad("jobs", "\(error)"))
        }
        await connection.close()
        return findings
    }

    private func timers(_ store: JobStore) async throws(JobStoreError) -> Finding {
        let overdue = try await store.oldestOverdue()
        guard overdue > Self.late else { return .good("timers", "none is overdue") }
        return .bad(
            "timers",
            "the oldest is overdue by \(Self.text(overdue)): nobody claims it; start an orchestrator, or read the logs of those that run")
    }

    private func jobs(_ store: JobStore) async throws(JobStoreError) -> [Finding] {
        let counts = try await store.counts(), longest = try await store.longest()
        let open = JobStatus.allCases.filter { !$0.isFinal && counts[$0, default: 0] > 0 }
        let numbers = open.map { "\(counts[$0, default: 0]) \($0.rawValue)" }.joined(separator: ", ")
        var findings: [Finding] = [.good("jobs", open.isEmpty ? "none is unfinished" : numbers)]
        for (status, words) in [
            (JobStatus.pending, "waits for its start; `longhaul provider list` shows limits, pauses and holds"),
            (.ready, "has its files listed; `longhaul jobs --status ready` shows which"),
            (.processing, "has its files transferred; `longhaul jobs --status processing` shows which, and `longhaul explain ID` why"),
        ] {
            guard let longest = longest[status], longest > Self.long else { continue }
            findings.append(
                .doubtful("jobs \(status.rawValue)", "one of \(counts[status, default: 0]) has waited \(Self.text(longest)): it \(words)"))
        }
        return findings
    }

    private func memory(_ store: JobStore) async throws(JobStoreError) -> Finding {
        let server = try await store.server()
        let used = "\(server.usedBytes >> 20) MiB"
        guard server.maxBytes > 0 else { return .good("memory", "Redis uses \(used); it has no limit of its own (maxmemory)") }
        let share = server.usedBytes * 100 / server.maxBytes
        let text = "Redis uses \(used), \(share) % of maxmemory"
        if share < 80 { return .good("memory", text) }
        let fix = "at its limit it takes no new jobs: raise maxmemory, or shorten LONGHAUL_KEEP"
        return share < 95 ? .doubtful("memory", "\(text); \(fix)") : .bad("memory", "\(text); \(fix)")
    }

    /// The third attempt follows after five minutes: an hour means that a receiver does not accept its messages.
    private func webhooks(_ store: JobStore) async throws(JobStoreError) -> Finding? {
        let backlog = try await store.webhookBacklog()
        guard backlog.waiting > 0 else { return nil }
        let text = "\(counted(backlog.waiting, "message")) not delivered yet, the oldest for \(Self.text(backlog.oldest))"
        return backlog.oldest < Self.long
            ? .good("webhooks", text) : .doubtful("webhooks", "\(text); the orchestrators' logs say why; see ops/docs/webhooks.md")
    }

    private func events(_ store: JobStore) async throws(JobStoreError) -> Finding? {
        let outboxes = try await store.outboxes(of: (0..<store.partitions).map(OutboxSource.partition))
        guard outboxes.waiting > 1000 || outboxes.dropped > 0 else { return nil }
        let dropped = outboxes.dropped > 0 ? "; \(outboxes.dropped) were dropped since the store was set up" : ""
        return .doubtful("events", "\(outboxes.waiting) wait to be published\(dropped); see ops/docs/events.md")
    }

    private static func text(_ duration: Duration) -> String { NextStep.text(Int64(duration / .milliseconds(1))) }
}
