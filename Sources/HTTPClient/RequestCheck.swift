/// Finds what makes a request impossible or unsafe to send: a line break in a header would start another header.
enum RequestCheck {
    /// The problem, or `nil`. It names the part, never the value.
    static func problem(in request: HTTPRequest) -> String? {
        guard isToken(request.method.rawValue) else { return "the method is not a token" }
        for header in request.headers {
            guard isToken(header.name) else { return "a header's name is not a token" }
            guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                return "header \(header.name) has a line break or control character in its value"
            }
            if header.name.equalsIgnoringCase("content-length") || header.name.equalsIgnoringCase("transfer-encoding") {
                return "header \(header.name) is set by the client from the body"
            }
        }
        if case .stream(let length?, _) = request.body, length < 0 { return "the length of the body is negative" }
        return nil
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 < 128 && (tokens[Int($0 >> 6)] >> UInt64($0 & 63)) & 1 == 1 }
    }

    /// One bit for each ASCII character.
    private static let tokens: [UInt64] = {
        let allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        return allowed.utf8.reduce(into: [0, 0]) { $0[Int($1 >> 6)] |= 1 << UInt64($1 & 63) }
    }()
}
