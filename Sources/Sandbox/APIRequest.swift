import Encoding
import NIOCore
import NIOHTTP1

/// A complete request, including its body.
struct APIRequest: Sendable {
    var method: HTTPMethod
    var path: Substring
    var query: Substring
    var headers: HTTPHeaders
    var body: ByteBuffer

    init(head: HTTPRequestHead, body: ByteBuffer) {
        method = head.method
        headers = head.headers
        self.body = body
        let uri = head.uri[...]
        if let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = uri[..<mark]
            query = uri[uri.utf8.index(after: mark)...]
        } else {
            path = uri
            query = ""
        }
    }

    /// A decoded query parameter; nil if it is missing.
    func parameter(_ name: String) -> String? {
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts[0] == name else { continue }
            let value = parts.count == 2 ? String(parts[1]) : ""
            return PercentEncoding.decodedLeniently(value.replacing("+", with: " "))
        }
        return nil
    }

    /// Compares in constant time, so that the duration reveals nothing about the token.
    func carries(bearer token: String) -> Bool {
        guard let given = headers.first(name: "Authorization") else { return false }
        let (left, right) = (Array(given.utf8), Array("Bearer \(token)".utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
