/// The findings as people read them: a summary, then what is wrong with the worst first, then what is fine in few lines.
struct DoctorReport {
    let findings: [Finding]

    var text: String {
        let problems = of(.bad) + of(.doubtful)
        return ([summary, ""] + problems.map(\.text) + (problems.isEmpty ? [] : [""]) + fine).joined(separator: "\n")
    }

    private func of(_ verdict: Finding.Verdict) -> [Finding] { findings.filter { $0.verdict == verdict } }

    private var summary: String {
        let (bad, doubtful, good) = (of(.bad).count, of(.doubtful).count, of(.good).count)
        let mark =
            bad > 0 ? Terminal.paint("✗", .red) : doubtful > 0 ? Terminal.paint("!", .yellow) : Terminal.paint("✓", .green)
        let shared = fine.count < good ? " (alike ones share a line)" : ""
        return "\(mark) \(counted(bad, "problem")), \(counted(doubtful, "doubt")), \(counted(good, "check")) passed\(shared)"
    }

    /// A provider with a problem is not listed as fine. What belongs to a subject that is fine goes without saying.
    private var fine: [String] {
        let troubled = Set(findings.filter { $0.verdict != .good }.map { $0.parent ?? $0.subject })
        let good = of(.good).filter { $0.parent == nil && !troubled.contains($0.subject) }
        var lines: [String] = [], told: Set<Finding.Kind> = []
        for finding in good {
            guard let kind = finding.kind else {
                lines.append(finding.text)
                continue
            }
            let alike = good.filter { $0.kind == kind }
            if alike.count == 1 {
                lines.append(finding.text)
            } else if told.insert(kind).inserted {
                lines.append(Self.line(kind, alike))
            }
        }
        return lines
    }

    private static func line(_ kind: Finding.Kind, _ alike: [Finding]) -> String {
        let names =
            switch kind {
            case .provider: alike.map { $0.subject.replacing("provider ", with: "") }
            // Most queues are empty; the others are worth a word.
            case .queue: alike.filter { !$0.detail.hasPrefix("0 messages") && $0.detail != "empty" }.map { "\($0.subject) \($0.detail)" }
            }
        let list = names.isEmpty ? "empty" : names.joined(separator: "; ")
        return Finding.good(counted(alike.count, kind.rawValue), list).text
    }
}
