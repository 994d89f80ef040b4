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
    func parameter(_ name: String) -> String? { Self.value(of: name, in: query) }

    /// A decoded field of a body of the type `application/x-www-form-urlencoded`; nil if it is missing.
    func field(_ name: String) -> String? { Self.value(of: name, in: String(buffer: body)[...]) }

    private static func value(of name: String, in form: Substring) -> String? {
        for pair in form.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts[0] == name else { continue }
            let value = parts.count == 2 ? String(parts[1]) : ""
            return PercentEncoding.decodedLeniently(value.replacing("+", with: " "))
        }
        return nil
    }

    /// The token of `Authorization: Bearer …`.
    var bearer: Substring? {
        guard let given = headers.first(name: "Authorization"), given.hasPrefix("Bearer ") else { return nil }
        return given.dropFirst(7)
    }

    /// Compares in constant time, so that the duration reveals nothing about the token.
    func carries(bearer token: String) -> Bool {
        guard let bearer else { return false }
        let (left, right) = (Array(bearer.utf8), Array(token.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
