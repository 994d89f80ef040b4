/// The state of a file. The token counts the attempts that were ever begun: it grows with each claim, is never given out twice, and
/// fences off a worker that lost its lease.
public enum FileState: Sendable, Equatable {
    /// Its message is published when it is the job's turn.
    case listed(token: Int)
    /// A message waits for a worker. `since`: when the message was published, in milliseconds of the store's clock, `nil` for now;
    /// `copies`: how often the message was published again because it seemed lost.
    case queued(token: Int, since: Int64?, copies: Int)
    /// A worker transfers the file and extends the lease by heartbeats.
    case leased(token: Int)
    /// An attempt failed; the file's timer starts the next one.
    case backoff(token: Int)
    case stored(token: Int)
    /// Given up.
    case failed(token: Int)

    public var token: Int {
        switch self {
        case .listed(let token), .queued(let token, _, _), .leased(let token), .backoff(let token), .stored(let token), .failed(let token):
            token
        }
    }

    public var kind: Kind {
        switch self {
        case .listed: .listed
        case .queued: .queued
        case .leased: .leased
        case .backoff: .backoff
        case .stored: .stored
        case .failed: .failed
        }
    }

    /// A state without what it holds; the raw value is its name in the store.
    public enum Kind: String, Sendable, CaseIterable {
        case listed, queued, leased, backoff, failed
        case stored = "done"

        /// Whether a file in this state has ended.
        public var isFinal: Bool { self == .stored || self == .failed }
        /// Whether a file in this state has its own timer.
        public var hasTimer: Bool { self == .leased || self == .backoff }
    }
}
