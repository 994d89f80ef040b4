/// Counters since the start of the sandbox.
struct SandboxStatistics: Sendable {
    /// Indexed by `RequestKind.index`.
    var requests = [Int](repeating: 0, count: RequestKind.allCases.count)
    var created = 0
    /// Drafts that began.
    var started = 0
    /// Starts of exports that had begun already.
    var startedAgain = 0
    /// Creates whose idempotency key already had an export.
    var replayed = 0
    /// Creates whose idempotency key was used with a different order.
    var conflicts = 0
    /// Creates refused because the sandbox was full.
    var refused = 0
    var cancelled = 0
    /// Finished exports dropped to make room.
    var dropped = 0
    var faults: [Fault: Int] = [:]
    /// Connections that hang on purpose now.
    var hanging = 0
    /// Downloads by signed link with an `Authorization` header: the client leaks its credentials.
    var credentialsOnDownloads = 0
    /// Requests without a bearer token, or with one that was never valid.
    var unauthorised = 0
}

/// The kinds of requests that are counted separately.
enum RequestKind: String, Sendable, CaseIterable {
    case create, find, status, files, download, cancel, truth, stats, health, other, draft, start, signIn

    var index: Int {
        switch self {
        case .create: 0
        case .find: 1
        case .status: 2
        case .files: 3
        case .download: 4
        case .cancel: 5
        case .truth: 6
        case .stats: 7
        case .health: 8
        case .other: 9
        case .draft: 10
        case .start: 11
        case .signIn: 12
        }
    }
}

extension ExportRegistry {
    func count(_ kind: RequestKind) {
        state.withLock { $0.statistics.requests[kind.index] += 1 }
    }

    func countUnauthorised() {
        state.withLock { $0.statistics.unauthorised += 1 }
    }

    func countCredentialsOnDownload() {
        state.withLock { $0.statistics.credentialsOnDownloads += 1 }
    }

    /// - Returns: false if the maximum number of connections already hang.
    func beginHanging() -> Bool {
        state.withLock { state in
            guard state.statistics.hanging < configuration.maxHanging else { return false }
            state.statistics.hanging += 1
            return true
        }
    }

    func endHanging() {
        state.withLock { $0.statistics.hanging -= 1 }
    }

    /// The counters, and the current number of exports by status.
    func statistics() -> (SandboxStatistics, byStatus: [ExportStatus: Int]) {
        let now = clock.now()
        return state.withLock { state in
            var byStatus: [ExportStatus: Int] = [:]
            for export in state.exports.values {
                byStatus[export.status(at: now), default: 0] += 1
            }
            return (state.statistics, byStatus)
        }
    }
}
