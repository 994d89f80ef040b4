/// The result of one check.
struct Finding: Sendable {
    enum Verdict: String, Sendable {
        case good, doubtful, bad
    }

    let subject: String
    let verdict: Verdict
    let detail: String
    /// The subject that this one belongs to: it is printed in front of it.
    var parent: String?
    /// What it is one of many of. Those that are fine share a line.
    var kind: Kind?

    enum Kind: String, Sendable, CaseIterable {
        case queue, provider
    }

    static func good(_ subject: String, _ detail: String) -> Finding { Finding(subject: subject, verdict: .good, detail: detail) }
    static func doubtful(_ subject: String, _ detail: String) -> Finding { Finding(subject: subject, verdict: .doubtful, detail: detail) }
    static func bad(_ subject: String, _ detail: String) -> Finding { Finding(subject: subject, verdict: .bad, detail: detail) }

    func below(_ parent: String) -> Finding { Finding(subject: subject, verdict: verdict, detail: detail, parent: parent) }

    func oneOf(_ kind: Kind) -> Finding { Finding(subject: subject, verdict: verdict, detail: detail, parent: parent, kind: kind) }

    /// `provider acme health`.
    var name: String { (parent.map { "\($0) " } ?? "") + subject }

    var text: String {
        let mark =
            switch verdict {
            case .good: Terminal.paint("✓", .green)
            case .doubtful: Terminal.paint("!", .yellow)
            case .bad: Terminal.paint("✗", .red)
            }
        return "\(mark) \(name): \(detail)"
    }

    var json: String { JobDescription.json(["subject": name, "verdict": verdict.rawValue, "detail": detail]) }
}
