import ExportCore
import HTTPClient
import JQ

/// A provider's response in the form that filters read.
struct ProviderResponse {
    let status: Int
    let headers: HTTPHeaders
    let url: String
    /// The parsed JSON, or the text if the body is not JSON; null if the body is empty.
    let body: JQValue

    /// - Throws: `invalid-answer`, transient, if the response declares JSON but its body does not parse.
    init(_ response: HTTPResponse, url: String) throws(Failure) {
        status = response.status
        headers = response.headers
        self.url = url
        body = try Self.body(response)
    }

    var isSuccess: Bool { (200...299).contains(status) }

    /// Header names are in lower case; repeated fields are joined by a comma (RFC 9110, section 5.3).
    var headerValue: JQValue {
        var values: [String: String] = [:]
        for field in headers.fields {
            let name = field.name.lowercased()
            values[name] = values[name].map { "\($0), \(field.value)" } ?? field.value
        }
        return JQValue(object: values.map { ($0.key, JQValue($0.value)) })
    }

    /// The start of the body as one line, for error messages.
    var excerpt: String {
        let text = body.text.prefix(200)
        guard !body.isNull, text.contains(where: { !$0.isWhitespace }) else { return "" }
        return String(text.map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 || $0 == 0x7F } == true ? " " : $0 })
    }

    private static func body(_ response: HTTPResponse) throws(Failure) -> JQValue {
        guard let first = response.body.first(where: { !isSpace($0) }) else { return .null }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        guard looksLikeJSON || claimsJSON(response) else { return JQValue(text: response.body) }
        do throws(JQError) {
            return try JQValue(json: response.body)
        } catch {
            // JSON Lines, or a proxy's error page: keep the text; the HTTP status decides the outcome.
            guard claimsJSON(response), (200...299).contains(response.status), !isLines(response) else {
                return JQValue(text: response.body)
            }
            throw Failure(.transient, code: "invalid-answer", message: "the response declares JSON but does not parse: \(error.message)")
        }
    }

    private static func claimsJSON(_ response: HTTPResponse) -> Bool {
        response.headers["content-type"]?.lowercased().contains("json") ?? false
    }

    private static func isLines(_ response: HTTPResponse) -> Bool {
        let type = response.headers["content-type"]?.lowercased() ?? ""
        return ["ndjson", "jsonl", "json-seq"].contains { type.contains($0) }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
