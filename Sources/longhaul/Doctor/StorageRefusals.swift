import ExportCore

/// When the workers were last refused by the object storage, and when a file was last stored. It is noted with each provider's files.
struct StorageRefusals {
    private let code: String
    private let entry: FailureLog.Entry
    private let storedAt: Int64?
    private let now: Int64

    /// Whether an error code of an attempt at a file says that the object storage refused it.
    static func isOne(_ code: String) -> Bool { code.hasPrefix("storage-") }

    /// - Returns: `nil` if the storage has refused nothing lately.
    init?(_ healths: [ProviderHealth], now: Int64) {
        let logs = healths.compactMap { $0.failures(of: .files) }
        let refusals = logs.flatMap { $0.entries.filter { Self.isOne($0.key) } }
        guard let last = refusals.max(by: { $0.value.at < $1.value.at }) else { return nil }
        (code, entry) = (last.key, last.value)
        storedAt = logs.compactMap(\.workedAt).max()
        self.now = now
    }

    /// A doubt until files are stored and no more are refused; then it is only told.
    var finding: Finding {
        let last = "the last refusal \(ago(entry.at)) with \(code): \(entry.message)"
        guard let storedAt else { return .doubtful("storage", "\(last); no file was stored since") }
        let stored = "the last file was stored \(ago(storedAt))"
        return storedAt >= entry.at ? .good("storage", "\(stored); \(last)") : .doubtful("storage", "\(last); \(stored)")
    }

    private func ago(_ time: Int64) -> String { "\(NextStep.text(max(now - time, 0))) ago" }
}
