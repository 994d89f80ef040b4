import ExportCore

/// The state of a file as the store keeps it: `queued TOKEN SINCE COPIES`, or the word of its kind and the token.
/// `Scripts/include/file_state.lua` is its other side.
extension FileState {
    /// For a decided state, `now` stands for the time at which the script stores it.
    var text: String { text(token: "\(token)") }

    func text(token: String) -> String {
        guard case .queued(_, let since, let copies) = self else { return "\(kind.rawValue) \(token)" }
        return "\(kind.rawValue) \(token) \(since.map { "\($0)" } ?? "now") \(copies)"
    }

    /// Kind and token: what scripts compare where it does not matter when a message was published.
    var mark: String { "\(kind.rawValue) \(token)" }

    init?(text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 2, let kind = Kind(rawValue: String(words[0])), let token = Int(words[1]) else { return nil }
        switch kind {
        case .queued:
            guard words.count == 4, let since = Int64(words[2]), let copies = Int(words[3]) else { return nil }
            self = .queued(token: token, since: since, copies: copies)
        case .listed: self = .listed(token: token)
        case .leased: self = .leased(token: token)
        case .backoff: self = .backoff(token: token)
        case .stored: self = .stored(token: token)
        case .failed: self = .failed(token: token)
        }
        guard kind == .queued || words.count == 2 else { return nil }
    }
}

extension TimerChange {
    /// Milliseconds from now, or -1 to remove the timer.
    var delay: Int64 {
        switch self {
        case .after(let duration): max(duration.milliseconds, 0)
        case .remove: -1
        }
    }
}
