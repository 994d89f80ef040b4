/// The six statuses of a job. A finer reason is an error code.
public enum JobStatus: String, Sendable, Codable, CaseIterable {
    /// Admitted; the export is not created yet.
    case pending = "PENDING"
    /// The export runs at the provider; the next check is a timer.
    case polling = "POLLING"
    /// The export is ready; its files are being listed.
    case ready = "READY"
    /// Every file is listed; they are being transferred.
    case processing = "PROCESSING"
    /// The manifest is written.
    case completed = "COMPLETED"
    case failed = "FAILED"

    /// Whether the job has come to its end: it has no timer and changes no more.
    public var isFinal: Bool { self == .completed || self == .failed }
}

/// How soon a waiting job is started relative to others. Each has its own queue; none starves the next.
public enum JobPriority: String, Sendable, Codable, CaseIterable {
    case high, normal, low
}
