import ExportCore
import JobMessages
import JobStore

/// The full text of one job.
struct JobPage {
    let record: JobRecord
    let objects: ObjectsLocation

    private var job: Job { record.job }
    private var status: JobStatus { job.state.status }

    var text: String {
        let explanation = Explanation(record: record, objects: objects)
        var lines = [Terminal.paint(job.id.text, .bold), explanation.why, explanation.next, ""]
        for (name, value) in fields { lines.append("  " + Self.padded(name) + value) }
        if !record.answers.isEmpty {
            lines += ["", Terminal.paint("last answers", .bold)]
            for answer in record.answers {
                lines.append("  " + Self.padded(Self.elapsed(answer.at)) + PrintableText.line(answer.text, atMost: 2048))
            }
        }
        lines += ["", Terminal.paint("history", .bold)]
        for entry in record.history { lines.append("  " + Self.padded(Self.elapsed(entry.at)) + HistoryText.describe(entry)) }
        return lines.joined(separator: "\n")
    }

    private var fields: [(String, String)] {
        let state = job.state
        let files = "\(state.filesDone) of \(state.filesTotal)" + (state.filesFailed > 0 ? ", \(state.filesFailed) failed" : "")
        let all: [(String, String?)] = [
            ("status", Terminal.paint(status.rawValue, JobDescription.colour(status))),
            ("error", job.error.map { Terminal.paint("\($0.code): \($0.message)", .red) }),
            ("waits", record.waitsBecause.map { Terminal.paint($0, .yellow) }),
            ("failing", failing), ("next \(record.next?.what ?? "")", next), ("provider", job.request.provider),
            ("parameters", job.request.parameters), ("priority", job.request.priority.rawValue), ("tenant", job.request.tenant),
            ("correlation", job.request.correlationID), ("created", JobDescription.time(job.createdAt)),
            ("checks", state.attempts > 0 ? "\(state.attempts), last \(JobDescription.time(job.lastPollAt))" : "\(state.attempts)"),
            ("files", files), ("objects", objects.text),
            ("partial", handle?.partial.map { Terminal.paint($0, .yellow) }),
            ("export", handle.map { $0.values + ($0.step.map { ", at step \($0 + 1)" } ?? "") } ?? "–"),
            ("kept until", status.isFinal && !record.isArchived ? JobDescription.time(job.expiresAt) : nil),
            ("cancel", job.isCancelRequested ? "requested" : nil),
            ("attention", job.mayBeCreatedTwice ? Terminal.paint("the provider may have created a second export", .yellow) : nil),
            ("a retry", state.resumeAt.map { "continues at \($0.rawValue)" }),
        ]
        return all.compactMap { name, value in value.map { (name, $0) } }
    }

    private var handle: ExportHandle? { job.exportHandle.map { ExportHandle($0) } }

    private var failing: String? {
        guard !status.isFinal, job.state.failures > 0 else { return nil }
        let last = record.history.last { $0.what == "!" }.map { ", the last: \($0.detail)" } ?? ""
        return Terminal.paint("\(job.state.failures) failure\(job.state.failures == 1 ? "" : "s") in a row\(last)", .yellow)
    }

    private var next: String? {
        record.next.map { step in
            let subject = step.subject.map { ", \($0)" } ?? ""
            return (step.at > step.now ? "\(step.delay), \(JobDescription.time(step.at))" : step.delay) + subject
        }
    }

    private static func padded(_ name: String) -> String { name + String(repeating: " ", count: max(14 - name.count, 1)) }

    private static func elapsed(_ milliseconds: Int64) -> String {
        let seconds = Double(milliseconds) / 1000
        return switch seconds {
        case ..<60: "+\((seconds * 1000).rounded() / 1000)s"
        case ..<3600: "+\(Int(seconds) / 60)m \(Int(seconds) % 60)s"
        default: "+\(Int(seconds) / 3600)h \(Int(seconds) / 60 % 60)m"
        }
    }
}
