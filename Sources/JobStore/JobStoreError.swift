import Redis

/// Why the store could not do something.
public struct JobStoreError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable {
        /// Redis did not answer, or answered with an error.
        case redis(RedisError)
        /// Redis answered something that the script does not return: another version of the scripts ran, or another program uses the key.
        case unexpectedReply(String)
        /// The store has another layout than this process expects.
        case mismatch(String)
        /// `longhaul setup` has not run.
        case notSetUp
    }

    public var kind: Kind
    /// What was attempted: "claim", "apply".
    public var attempted: String

    public var isRetriable: Bool {
        if case .redis(let error) = kind { return error.isRetriable }
        return false
    }

    public var description: String {
        switch kind {
        case .redis(let error): "store: \(attempted): \(error)"
        case .unexpectedReply(let reply):
            "store: \(attempted): unexpected reply \(reply); use a database for Longhaul alone, and one version of it"
        case .mismatch(let what): "store: \(attempted): \(what)"
        case .notSetUp: "store: \(attempted): this Redis holds no Longhaul store yet; run `longhaul setup`"
        }
    }
}
