import ExportCore

/// Keeps a provider's session valid. All processes share it through the store: one signs in, the others use what it got.
///
/// It is renewed before it ends, and after an answer that refused it. While one process signs in, the others use the session that still is,
/// or wait. If that process dies, another takes over after `turn`.
actor SessionKeeper {
    struct Session: Sendable {
        let values: String
        let generation: Int
        let renewAt: ContinuousClock.Instant
        let endsAt: ContinuousClock.Instant
    }

    /// Returns the values of a session and how long it lasts.
    /// - Parameter last: the values of the session before; `{}` for the first.
    typealias Obtain = @Sendable (_ last: String) async throws(Failure) -> (values: String, lifetime: Duration)

    private let provider: String
    private let process: String
    private let store: any SessionStore
    private let seal: SessionSeal
    /// How long a process may take to sign in before another tries.
    private let turn: Duration
    /// Whether each sign-in needs what the last one returned: then a stored session that cannot be read must not be replaced.
    private let isChained: Bool
    private var current: Session?
    private var work: Task<Session, any Error>?
    /// After a renewal that failed, while the session is still valid.
    private var nextRenewal = ContinuousClock.now

    private static let pause = Duration.milliseconds(100)
    private static let afterFailure = Duration.seconds(15)

    init(_ provider: String, process: String, store: any SessionStore, seal: SessionSeal, turn: Duration, isChained: Bool) {
        (self.provider, self.process, self.store, self.seal, self.turn) = (provider, process, store, seal, turn)
        self.isChained = isChained
    }

    /// A session, old or new.
    /// - Parameters:
    ///   - dead: the generation that an answer has refused.
    ///   - obtain: sends the request that signs in.
    /// - Throws: a `Failure`.
    func session(
        after dead: Int? = nil, _ obtain: @escaping Obtain
    ) async throws(Failure) -> Session {
        if let current, current.generation > dead ?? -1 {
            if .now < current.renewAt { return current }
            if .now < current.endsAt {
                // Others continue with what is valid while one renews.
                if work == nil, nextRenewal <= .now { begin(after: dead, obtain) }
                return current
            }
        }
        let task = work ?? begin(after: dead, obtain)
        do {
            let session = try await task.value
            guard session.generation > dead ?? -1 else { return try await self.session(after: dead, obtain) }
            return session
        } catch {
            throw error as? Failure ?? Failure(.transient, code: "store-unavailable", message: "the session could not be shared: \(error)")
        }
    }

    @discardableResult
    private func begin(
        after dead: Int?, _ obtain: @escaping Obtain
    ) -> Task<Session, any Error> {
        let task = Task {
            defer { work = nil }
            do {
                let session = try await renew(after: dead, obtain)
                current = session
                return session
            } catch {
                nextRenewal = .now + Self.afterFailure
                throw error
            }
        }
        work = task
        return task
    }

    private func renew(
        after dead: Int?, _ obtain: Obtain
    ) async throws -> Session {
        while true {
            var (record, version, now) = try await store.read(provider)
            if let session = try session(record, now), session.generation > dead ?? -1, .now < session.renewAt { return session }
            if let renewing = record.renewing, renewing.by != process, renewing.until > now {
                if let session = try session(record, now), session.generation > dead ?? -1, .now < session.endsAt { return session }
                try await Task.sleep(for: Self.pause)
                continue
            }
            record.renewing = SessionRecord.Renewal(by: process, until: now + Int64(turn / .milliseconds(1)))
            guard try await store.write(record, of: provider, read: version) else { continue }
            return try await signIn(record, obtain)
        }
    }

    /// This process has the turn.
    private func signIn(
        _ record: SessionRecord, _ obtain: Obtain
    ) async throws -> Session {
        do {
            let got = try await obtain(try opened(record) ?? "{}")
            return try await keep(got.values, got.lifetime, after: record.generation)
        } catch {
            try await giveBackTurn()
            throw error
        }
    }

    private func keep(_ values: String, _ lifetime: Duration, after generation: Int) async throws(Failure) -> Session {
        do {
            while true {
                let (known, version, now) = try await store.read(provider)
                var record = known
                record.generation = max(known.generation, generation) + 1
                record.sealed = try seal.seal(values, of: provider)
                (record.obtainedAt, record.expiresAt) = (now, now + Int64(lifetime / .milliseconds(1)))
                record.renewing = nil
                guard try await store.write(record, of: provider, read: version) else { continue }
                guard let session = try session(record, now) else { throw SessionSealError(message: "the session cannot be read back") }
                return session
            }
        } catch {
            throw Failure(.transient, code: "store-unavailable", message: "the session could not be stored: \(error)")
        }
    }

    private func giveBackTurn() async throws {
        let (known, version, _) = try await store.read(provider)
        guard known.renewing?.by == process else { return }
        var record = known
        record.renewing = nil
        // Somebody else may have taken over: then there is nothing to give back.
        _ = try await store.write(record, of: provider, read: version)
    }

    /// The session of a record; `nil` before the first sign-in. It is renewed after four fifths of its life, at most five minutes early.
    private func session(_ record: SessionRecord, _ now: Int64) throws -> Session? {
        guard let values = try opened(record) else { return nil }
        let life = record.expiresAt - record.obtainedAt
        let early = min(life / 5, 300_000)
        // A request takes time to arrive.
        let left = Duration.milliseconds(record.expiresAt - min(life / 20, 5000) - now)
        return Session(
            values: values, generation: record.generation,
            renewAt: .now + left - .milliseconds(early), endsAt: .now + left)
    }

    /// The values of a record; `nil` if there are none, or none that can be read and need to be.
    private func opened(_ record: SessionRecord) throws(SessionSealError) -> String? {
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
