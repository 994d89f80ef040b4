import JobMessages

/// The findings as a plugin of Nagios and its relatives tells them: one line, and an exit code
/// (https://nagios-plugins.org/doc/guidelines.html).
struct NagiosSummary {
    let line: String
    /// 0 OK, 1 WARNING, 2 CRITICAL.
    let code: Int32

    init(_ findings: [Finding]) {
        let bad = findings.filter { $0.verdict == .bad }, doubtful = findings.filter { $0.verdict == .doubtful }
        let worst = bad.first ?? doubtful.first
        (code, line) =
            switch worst {
            case nil: (0, "LONGHAUL OK - \(counted(findings.count, "check"))")
            case let worst?:
                (
                    worst.verdict == .bad ? 2 : 1,
                    "LONGHAUL \(worst.verdict == .bad ? "CRITICAL" : "WARNING") - \(worst.subject): "
                        + PrintableText.line(worst.detail, atMost: 200).replacing("|", with: "/")
                        + (bad.count + doubtful.count > 1 ? " (and \(bad.count + doubtful.count - 1) more)" : "")
                )
            }
    }
}
