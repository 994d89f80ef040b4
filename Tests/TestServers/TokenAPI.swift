import Synchronization

/// An export API that gives out tokens, each valid until its time is over.
public final class TokenAPI: Sendable {
    public struct Seen: Sendable {
        /// The bodies of the requests that signed in.
        public var logins: [String] = []
        /// The newest token, and those that were ended early.
        public var newest = 0
        fileprivate var ends: [Int: ContinuousClock.Instant] = [:]
        public var ended = 0
        /// Other requests, and those of them that were refused.
        public var requests = 0
        public var refused = 0
    }

    private let box = Box()
    public let server: StubServer

    private final class Box: Sendable {
        let seen = Mutex(Seen())
    }

    public var seen: Seen { box.seen.withLock { $0 } }

    /// Ends the newest token, as a server does that forgets its sessions.
    public func endToken() { box.seen.withLock { $0.ended = $0.newest } }

    /// - Parameters:
    ///   - expiresIn: the life of a token in seconds, which the answer tells.
    ///   - login: the answer to the n-th sign-in; `nil`: a token.
    public init(expiresIn: Int = 3600, login: @escaping @Sendable (StubRequest, Int) -> StubResponse? = { _, _ in nil }) throws {
        let box = box
        server = try StubServer { request in
            box.seen.withLock { seen in
                guard request.target != "/login" else {
                    seen.logins.append(request.body)
                    if let answer = login(request, seen.logins.count) { return answer }
                    seen.newest = seen.logins.count
                    let number = seen.newest
                    seen.ends[number] = .now + .seconds(expiresIn)
                    return .json(
                        #"{"access_token":"t0ken-\#(number)","refresh_token":"r3fresh-\#(number)","expires_in":\#(expiresIn)}"#)
                }
                seen.requests += 1
                let sent = (request.headers["authorization"] ?? request.headers["x-session"] ?? "").split(separator: "-").last
                guard let sent = sent.flatMap({ Int($0) }), sent > seen.ended, let end = seen.ends[sent], .now < end else {
                    seen.refused += 1
                    return .json(#"{"error":"expired"}"#, status: 401)
                }
                return request.target == "/file" ? .text("data") : .json(#"{"id":"1","s":"RUN"}"#)
            }
        }
    }
}
