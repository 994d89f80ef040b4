import Foundation

/// The session of a provider in the store that all processes share.
struct SharedSession: Sendable {
    let store: any SessionStore
    private let provider: String
    private let owner: String
    private let seal: SessionSeal
    /// Whether each sign-in needs what the last one returned: then a stored session that cannot be read must not be replaced.
    private let isChained: Bool

    /// So often a session that was obtained is offered to a store that does not take it: with a chain, it is the only one there is.
    private static let tries = 30

    /// - Parameter owner: tells who has the turn to sign in.
    init(_ provider: String, _ sharing: SessionSharing, owner: String, isChained: Bool) {
        (self.provider, self.owner, store, seal) = (provider, owner, sharing.store, sharing.seal)
        self.isChained = isChained
    }

    /// Stores what a sign-in returned, unless another process has signed in since: then that one's session counts.
    /// - Parameter before: the id of the session before.
    func keep(_ values: String, _ lifetime: Duration, after before: String) async throws -> SessionKeeper.Session {
        let obtained = ContinuousClock.now, id = UUID().uuidString
        var tries = 0
        while true {
            do {
                let asked = ContinuousClock.now
                let (known, version, now) = try await store.read(provider)
                if known.id != before, let session = try session(known, now, asked) { return session }
                var record = known
                record.id = id
                record.sealed = try seal.seal(values, of: provider)
                record.obtainedAt = now - Int64((asked - obtained) / .milliseconds(1))
                record.expiresAt = record.obtainedAt + Int64(lifetime / .milliseconds(1))
                if record.renewing?.by == owner { record.renewing = nil }
                guard try await store.write(record, of: provider, read: version) else { continue }
                guard let session = try session(record, now, asked) else {
                    throw SessionSealError(message: "the session cannot be read back")
                }
                return session
            } catch {
                tries += 1
                guard tries < Self.tries, !(error is SessionSealError) else { throw error }
                try await Task.sleep(for: .milliseconds(min(100 * tries, 2000)))
            }
        }
    }

    /// Stores a session in the place of any other. A process that is renewing the old one finds this one when it has finished.
    func replace(_ values: String, _ lifetime: Duration) async throws -> SessionKeeper.Session {
        while true {
            let asked = ContinuousClock.now
            var (record, version, now) = try await store.read(provider)
            record.id = UUID().uuidString
            record.sealed = try seal.seal(values, of: provider)
            (record.obtainedAt, record.expiresAt) = (now, now + Int64(lifetime / .milliseconds(1)))
            guard try await store.write(record, of: provider, read: version), let session = try session(record, now, asked) else {
                continue
            }
            return session
        }
    }

    /// A valid session that another process has obtained since; `nil` if there is none, or if the store does not tell.
    /// - Parameter before: the id of the session before.
    func session(since before: String) async -> SessionKeeper.Session? {
        let asked = ContinuousClock.now
        guard let (known, _, now) = try? await store.read(provider), known.id != before, let session = try? session(known, now, asked)
        else {
            return nil
        }
        return .now < session.endsAt ? session : nil
    }

    /// After a sign-in that failed. Its failure is what counts: a turn that is not given back ends by itself.
    func giveBackTurn() async {
        guard let (known, version, _) = try? await store.read(provider), known.renewing?.by == owner else { return }
        var record = known
        record.renewing = nil
        _ = try? await store.write(record, of: provider, read: version)
    }

    /// The session of a record; `nil` before the first sign-in. It is renewed after four fifths of its life, at most five minutes early.
    /// - Parameters:
    ///   - now: the store's clock.
    ///   - asked: when it was asked for. Its answer may be late, on a busy machine by as much as a request has to arrive.
    func session(_ record: SessionRecord, _ now: Int64, _ asked: ContinuousClock.Instant) throws(SessionSealError) -> SessionKeeper.Session?
    {
        guard let values = try opened(record) else { return nil }
        let life = record.expiresAt - record.obtainedAt
        let early = min(life / 5, 300_000)
        // A request takes time to arrive.
        let left = Duration.milliseconds(record.expiresAt - min(life / 20, 5000) - now)
        return SessionKeeper.Session(
            values: values, id: record.id, renewAt: asked + left - .milliseconds(early), endsAt: asked + left)
    }

    /// The values of a record; `nil` if there are none, or none that can be read and need to be.
    func opened(_ record: SessionRecord) throws(SessionSealError) -> String? {
        guard let sealed = record.sealed else { return nil }
        do throws(SessionSealError) {
            return try seal.open(sealed, of: provider)
        } catch {
            guard isChained else { return nil }
            let fix = "if that is lost, set a new first token and delete the key {lh:p:\(provider)}:session"
            throw SessionSealError(message: "\(error.message); \(fix)")
        }
    }
}
