import Foundation
import Synchronization
import TestServers

/// An export API whose refresh tokens change with each use.
///
/// A refresh token is valid once. With grace, the last one is valid until somebody uses what it was exchanged for.
final class RotatingTokens: Sendable {
    struct State: Sendable {
        /// The number of the newest pair of tokens.
        var newest = 0
        var isNewestUsed = true
        /// The refresh tokens that were sent, and how many were refused.
        var renewals: [Int] = []
        var refusedRenewals = 0
        /// Requests with a valid access token, and with a dead one.
        var requests = 0
        var dead = 0
        fileprivate var ends: [Int: ContinuousClock.Instant] = [:]
        /// The renewal whose answer is held back, and whether it waits now.
        fileprivate var held: Int?
        var isHolding = false
    }

    private final class Box: Sendable {
        let state = Mutex(State())
        let gate = DispatchSemaphore(value: 0)
    }

    private let box = Box()
    let server: StubServer

    var state: State { box.state.withLock { $0 } }

    /// Holds the answer to the next renewal back: the tokens have changed by then.
    func holdNext() { box.state.withLock { $0.held = $0.renewals.count + 1 } }
    func release() { box.gate.signal() }

    /// - Parameter expiresIn: the life of an access token in seconds, as its answers tell it. It accepts one for twice that time: what is
    ///   sent later is no request that was merely long under way on a busy machine, but a token that somebody keeps.
    init(expiresIn: Int, hasGrace: Bool) throws {
        let box = box
        server = try StubServer { request in
            guard request.target == "/token" else { return box.state.withLock { Self.answer(request, &$0) } }
            let (answer, isHeld) = box.state.withLock { state in
                let answer = Self.renew(request, expiresIn, hasGrace, &state)
                state.isHolding = state.held == state.renewals.count
                return (answer, state.isHolding)
            }
            if isHeld { box.gate.wait() }
            return answer
        }
    }

    private static func renew(_ request: StubRequest, _ expiresIn: Int, _ hasGrace: Bool, _ state: inout State) -> StubResponse {
        let sent = request.body.firstMatch(of: #/refresh_token=r3fresh-(\d+)/#).flatMap { Int($0.output.1) } ?? -1
        state.renewals.append(sent)
        let isRepeated = hasGrace && !state.isNewestUsed && sent == state.newest - 1
        guard sent == state.newest || isRepeated else {
            state.refusedRenewals += 1
            return .json(#"{"error":"invalid_grant"}"#, status: 400)
        }
        if !isRepeated { state.newest += 1 }
        state.isNewestUsed = false
        let number = state.newest
        state.ends[number] = .now + .seconds(2 * expiresIn)
        return .json(#"{"access_token":"t0ken-\#(number)","refresh_token":"r3fresh-\#(number)","expires_in":\#(expiresIn)}"#)
    }

    private static func answer(_ request: StubRequest, _ state: inout State) -> StubResponse {
        let number = request.headers["authorization"]?.split(separator: "-").last.flatMap { Int($0) } ?? -1
        guard let end = state.ends[number], .now < end else {
            state.dead += 1
            return .json(#"{"error":"expired"}"#, status: 401)
        }
        if number == state.newest { state.isNewestUsed = true }
        state.requests += 1
        return .json(#"{"id":"1","s":"RUN"}"#)
    }
}
