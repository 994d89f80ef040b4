/// The request that follows a redirect (RFC 9110, section 15.4), or why there is none.
struct Redirect {
    let request: HTTPRequest
    let origin: String
    let leavesOrigin: Bool

    struct Refusal: Error, Equatable { let reason: String }

    /// - Parameters:
    ///   - url: the absolute target of the redirect.
    ///   - origin: the origin of the redirected request.
    init(of request: HTTPRequest, from origin: String, status: Int, to url: String) throws(Refusal) {
        guard let target = RequestURL.origin(url) else { throw Refusal(reason: "it does not lead to an http or https URL") }
        if RequestURL.isSecure(request.url), !RequestURL.isSecure(url) { throw Refusal(reason: "it leads from https to http") }
        var next = request
        next.url = url
        switch (status, request.method) {
        case (303, let method) where method != .get && method != .head: next.becomeGet()
        case (301, .post), (302, .post): next.becomeGet()
        default: break
        }
        leavesOrigin = target != origin
        if leavesOrigin, case .followKeepingMethod = request.redirects {
            throw Refusal(reason: "it would repeat the request at another origin")
        }
        if leavesOrigin { next.headers.removeAll { request.isCredential(header: $0.name) } }
        switch next.body {
        case .none: break
        case .stream: throw Refusal(reason: "it needs the body again, which was a stream")
        case .bytes where leavesOrigin: throw Refusal(reason: "it would send the body to another origin")
        case .bytes: break
        }
        self.request = next
        self.origin = target
    }
}

extension HTTPRequest {
    fileprivate mutating func becomeGet() {
        method = .get
        body = .none
        headers.removeAll { $0.name.utf8.prefix(8).map(\.inLowerCase).elementsEqual("content-".utf8) }
    }

    fileprivate func isCredential(header name: String) -> Bool {
        if sensitiveHeaders.contains(where: { $0.equalsIgnoringCase(name) }) { return true }
        let name = String(decoding: name.utf8.map(\.inLowerCase), as: UTF8.self)
        let hints = ["auth", "cookie", "token", "secret", "key", "session", "password", "credential", "signature"]
        return name == "host" || hints.contains { name.contains($0) }
    }
}
