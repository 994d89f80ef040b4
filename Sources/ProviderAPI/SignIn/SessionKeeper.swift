import ExportCore

/// Keeps a provider's session valid. All processes share it through the store: one signs in, the others use what it got.
///
/// It is renewed before it ends, and after an answer that refused it. While one process signs in, the others use the session that still is,
/// or wait. If that process dies, another takes over after `turn`.
actor SessionKeeper {
    struct Session: Sendable {
        let values: String
        /// Tells it from every other one.
        let id: String
        let renewAt: ContinuousClock.Instant
        let endsAt: ContinuousClock.Instant
    }

    /// Returns the values of a session and how long it lasts.
    /// - Parameter last: the values of the session before; `{}` for the first.
    typealias Obtain = @Sendable (_ last: String) async throws(Failure) -> (values: String, lifetime: Duration)

    private let provider: String
    /// Unique: the versions of a provider file have a keeper each in a process.
    private let owner: String
    private let shared: SharedSession
    /// How long a process may take to sign in before another tries.
    private let turn: Duration
    private var current: Session?
    /// The last session that an answer refused.
    private var refused: String?
    private var work: Task<Session, any Error>?
    /// After a renewal that failed, while the session is still valid.
    private var nextRenewal = ContinuousClock.now

    private static let pause = Duration.milliseconds(100)
    private static let afterFailure = Duration.seconds(15)

    init(_ provider: String, sharing: SessionSharing, turn: Duration, isChained: Bool) {
        owner = "\(sharing.process)-\(UInt32.random(in: 0 ... .max))"
        (self.provider, self.turn) = (provider, turn)
        shared = SharedSession(provider, sharing, owner: owner, isChained: isChained)
    }

    /// A session, old or new.
    /// - Parameters:
    ///   - dead: the session that an answer has refused.
    ///   - obtain: sends the request that signs in.
    /// - Throws: a `Failure`.
    func session(after dead: String? = nil, _ obtain: @escaping Obtain) async throws(Failure) -> Session {
        if let dead { refused = dead }
        if let current, current.id != refused {
            if .now < current.renewAt { return current }
            if .now < current.endsAt {
                // Others continue with what is valid while one renews.
                if work == nil, nextRenewal <= .now { begin(obtain) }
                return current
            }
        }
        do {
            let session = try await (work ?? begin(obtain)).value
            // A renewal that was under way may have found the one that was refused meanwhile.
            return session.id == refused ? try await begin(obtain).value : session
        } catch {
            throw Self.failure(error)
        }
    }

    @discardableResult
    private func begin(_ obtain: @escaping Obtain) -> Task<Session, any Error> {
        let task = Task {
            defer { work = nil }
            do {
                let session = try await renew(obtain)
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

    private func renew(_ obtain: Obtain) async throws -> Session {
        while true {
            let asked = ContinuousClock.now
            let (record, version, now) = try await shared.store.read(provider)
            let known = try shared.session(record, now, asked).flatMap { $0.id == refused ? nil : $0 }
            if let known, .now < known.renewAt { return known }
            if let renewing = record.renewing, renewing.by != owner, renewing.until > now {
                if let known, .now < known.endsAt { return known }
                try await Task.sleep(for: Self.pause)
                continue
            }
            var taken = record
            taken.renewing = SessionRecord.Renewal(by: owner, until: now + Int64(turn / .milliseconds(1)))
            if try await shared.store.write(taken, of: provider, read: version) { return try await signIn(taken, obtain) }
        }
    }

    /// This process has the turn.
    private func signIn(_ record: SessionRecord, _ obtain: Obtain) async throws -> Session {
        let got: (values: String, lifetime: Duration)
        do {
            got = try await obtain(try shared.opened(record) ?? "{}")
        } catch {
            // A process that was frozen for longer than its turn may come with a refresh token that another one has used meanwhile.
            if let session = await shared.session(since: record.id) { return session }
            await shared.giveBackTurn()
            throw error
        }
        return try await shared.keep(got.values, got.lifetime, after: record.id)
    }

    /// Keeps a session that a person has begun, whatever was there.
    /// - Throws: `session-key`, `store-unavailable`.
    func replace(_ values: String, _ lifetime: Duration) async throws(Failure) {
        do {
            current = try await shared.replace(values, lifetime)
        } catch {
            throw Self.failure(error)
        }
    }

    /// - Throws: `session-key` if there is a session that cannot be read; `store-unavailable`.
    func requireOpen() async throws(Failure) {
        do {
            _ = try shared.opened(try await shared.store.read(provider).record)
        } catch {
            throw Self.failure(error)
        }
    }

    private static func failure(_ error: any Error) -> Failure {
        if let failure = error as? Failure { return failure }
        if error is SessionSealError {
            // Waiting for a key helps as little as attempts do: an operator must act, and other processes may have it.
            return Failure(.unauthorised, code: "session-key", message: "\(error)")
        }
        var failure = Failure(.notYet, code: "store-unavailable", message: "the session could not be shared: \(error)")
        failure.countsAsAttempt = false
        return failure
    }
}
