import ExportCore

@testable import JobStore

/// What a walk found that should not be.
struct Divergence: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Throws when `found` is not what was `expected`.
func agree<Value: Equatable>(_ found: Value, _ expected: Value, _ what: @autoclosure () -> String) throws {
    guard found != expected else { return }
    throw Divergence("\(what()): \(found), expected \(expected)")
}

/// Invariants of the store that hold after every step, whatever the steps are.
struct Invariants {
    let snapshot: StoreSnapshot

    func check() throws {
        var counts: [JobStatus: Int] = [:]
        var members: [JobStatus: Set<String>] = [:]
        for (id, fields) in snapshot.jobs {
            guard let status = fields["status"].flatMap(JobStatus.init) else { throw Divergence("\(id) has no status: \(fields)") }
            counts[status, default: 0] += 1
            if status != .polling { members[status, default: []].insert(id.text) }
            try agree(snapshot.due[id.text] != nil, !status.isFinal, "\(id), \(status.rawValue), has a timer")
            if fields["queued"] != nil { try agree(status, .pending, "\(id) waits for its creation") }
            try checkFiles(id, status, fields)
        }
        try agree(snapshot.counts.filter { $0.value != 0 }, counts, "the counters")
        try agree(snapshot.index.filter { !$0.value.isEmpty }, members, "indices")
    }

    /// A file that somebody has, or that waits for its next attempt, has a timer; the counters are those of the files.
    private func checkFiles(_ id: JobID, _ status: JobStatus, _ fields: [String: String]) throws {
        var counts: [Substring: Int] = [:]
        for (name, state) in snapshot.files[id] ?? [:] where name.hasSuffix(".state") {
            let kind = state.prefix { $0 != " " }
            counts[kind, default: 0] += 1
            guard !status.isFinal else { continue }
            let hasTimer = snapshot.due["\(id)#\(name.dropLast(".state".count))"] != nil
            try agree(hasTimer, kind == "leased" || kind == "backoff", "\(id) \(name) \(state) has a timer")
        }
        // A completed job's files are forgotten.
        if status == .completed { return }
        try agree(Int(fields["filesDone"] ?? "0"), counts["done", default: 0], "\(id) filesDone")
        try agree(Int(fields["filesFailed"] ?? "0"), counts["failed", default: 0], "\(id) filesFailed")
        try agree(Int(fields["filesTotal"] ?? "0"), counts.values.reduce(0, +), "\(id) filesTotal")
    }
}

/// A step of the store: what stood there before and after, and what the model says of it.
struct StepAudit {
    let before: StoreSnapshot, after: StoreSnapshot
    let expectedBefore: StoreModel, expected: StoreModel

    func check() throws {
        try checkTimers()
        try agree(after.places, expected.places, "places in flight")
        try agree(
            after.waiting.mapValues { $0.filter { !$0.value.isEmpty } }.filter { !$0.value.isEmpty },
            expected.waiting.lists.mapValues { $0.filter { !$0.value.isEmpty } }.filter { !$0.value.isEmpty }, "waiting lists")
        for (id, job) in expected.jobs where job != expectedBefore.jobs[id] || after.changed.contains(id) { try check(job) }
        try agree(Set(after.jobs.keys), Set(expected.jobs.keys), "jobs")
    }

    private func check(_ job: ModelJob) throws {
        let fields = after.jobs[job.id] ?? [:], old = before.jobs[job.id]
        let isChanged = job != expectedBefore.jobs[job.id]
        if let old, !isChanged { throw Divergence("\(job.id) was to stay as it was, \(old), and is \(fields)") }
        if let old { try agree(version(fields) >= version(old), true, "\(job.id) has a version that is not older") }
        let tellers = ["createdAt", "history", "trail"]
        let known = fields.filter { !ModelJob.timeFields.contains($0.key) && !tellers.contains($0.key) }
        try agree(known, job.fields, "\(job.id)")
        try agree(ModelJob.timeFields.intersection(fields.keys), job.times, "times of \(job.id)")
        // A summary that grows too long leaves lines in the middle to the trail.
        let history = HistoryEntry.decode(fields["history"] ?? "").map(\.what)
        let told = history[(history.lastIndex(of: HistoryEntry.omitted) ?? 0)...].filter { JobStatus(rawValue: $0) != nil }
        let isWhole = !history.contains(HistoryEntry.omitted)
        try agree(told, isWhole ? job.transitions : job.transitions.suffix(told.count), "history of \(job.id)")
        try checkFiles(job)
    }

    private func version(_ fields: [String: String]) -> Int64 { fields["version"].flatMap { Int64($0) } ?? -1 }

    private func checkFiles(_ job: ModelJob) throws {
        let files = after.files[job.id] ?? [:]
        let states = job.files.indices.map { index in
            let parts = (files["\(index).state"] ?? "").split(separator: " ").map(String.init)
            return parts.count == 4 ? "\(parts[0]) \(parts[1]) \(parts[2] == "0" ? "0" : "t") \(parts[3])" : parts.joined(separator: " ")
        }
        try agree(states, job.files.map(\.text), "files of \(job.id)")
        for (index, file) in job.files.enumerated() {
            try agree(files["\(index).objects"] != nil, file.state.kind == .stored, "\(job.id)#\(index) has objects")
            try agree(files["\(index).deferred"] != nil, file.isDeferred, "\(job.id)#\(index) is put off")
            try agree(files["\(index).error"] != nil, file.state.kind == .failed, "\(job.id)#\(index) has an error")
        }
        try agree(Set(job.files.indices.compactMap { files["\($0).name"] }).count, job.files.count, "different names of files of \(job.id)")
    }

    private func checkTimers() throws {
        try agree(Set(after.due.keys), Set(expected.timers.keys), "timers")
        for (member, timer) in expected.timers {
            guard let score = after.due[member] else { continue }
            if timer == expectedBefore.timers[member] {
                try agree(score, before.due[member] ?? -1, "the untouched timer \(member)")
            } else {
                try agree(score <= after.now, timer.isDue, "the timer \(member) is due")
            }
        }
    }
}
