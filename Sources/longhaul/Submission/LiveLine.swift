import ExportCore
import JobMessages
import JobStore

/// What the only job that somebody follows does, in a line: redrawn in place on a terminal, otherwise written when its status changes.
struct LiveLine {
    private var told: JobStatus?
    private var next = ContinuousClock.now

    private static let interval = Duration.milliseconds(500)

    mutating func update(_ id: JobID, _ store: JobStore) async throws(JobStoreError) {
        guard .now >= next else { return }
        next = .now + Self.interval
        guard let record = try await JobRecord.read(id, from: store), !record.job.state.status.isFinal else { return }
        let status = record.job.state.status
        if Terminal.isErrorTerminal {
            Terminal.write("\r\u{1B}[2K" + String(Self.text(record).prefix(Terminal.errorWidth ?? 120)))
        } else if told != status {
            Terminal.write(Self.text(record) + "\n")
        }
        told = status
    }

    func finish() { if Terminal.isErrorTerminal, told != nil { Terminal.write("\r\u{1B}[2K") } }

    /// `orders-1  POLLING 9m40s  running 40%, 4 checks; next check in 2m10s, 80 % of the usual time`.
    static func text(_ record: JobRecord) -> String {
        let job = record.job, state = job.state, now = record.due.now
        let entered = record.entered ?? job.createdAt
        var words: [String] = []
        switch state.status {
        case .pending: words.append(record.waitsBecause.map { "waits: \($0)" } ?? "its export is being created")
        case .polling:
            let last = record.history.last { $0.what == "~" }?.detail
            words += [last, state.attempts > 0 ? counted(state.attempts, "check") : "not checked yet"].compactMap(\.self)
            if let reason = record.waitsBecause { words.append("waits: \(reason)") }
        case .ready: words.append("its files are being listed")
        case .processing: words.append("\(state.filesDone) of \(counted(state.filesTotal, "file"))")
        case .completed, .failed: break
        }
        if state.failures > 0 { words.append("\(counted(state.failures, "failure")) in a row") }
        var text = "\(job.id)  \(state.status.rawValue) \(NextStep.text(max(now - entered, 0)))  " + words.joined(separator: ", ")
        if let step = record.next { text += "; next \(step.what) \(step.delay)" }
        if let usual = record.usual, let share = record.usualShare {
            text += ", \(share) % of the usual \(NextStep.text(Int64(usual / .milliseconds(1))))"
        }
        return PrintableText.line(text, atMost: 500)
    }
}
