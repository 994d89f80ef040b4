import Foundation
import TestServers
import Testing

/// A request that is expected, and its answer. `{NAME}` in texts is the URL of a server; a text that begins with `~` is a regular expression.
struct ContractExchange: Sendable {
    /// `METHOD URL`
    private(set) var request: String
    /// Names in lower case.
    private(set) var headers: [String: String]
    private(set) var body: Body
    let status: Int
    private(set) var answerHeaders: [String: String]
    private(set) var answer: Answer

    enum Body: Sendable {
        case any
        case text(String)
        case form([String: String])
        /// JSON text.
        case json(String)
    }

    enum Answer: Sendable {
        case text(String)
        case json(String)
        case bytes([UInt8])
    }

    init(_ yaml: [String: Any]) throws {
        request = try #require(yaml["request"] as? String, "an exchange without request: \(yaml)")
        headers = Self.texts(yaml["headers"]).reduce(into: [:]) { $0[$1.key.lowercased()] = $1.value }
        body =
            if let text = yaml["text"] ?? yaml["multipart"] { .text("\(text)") } else if yaml["form"] != nil {
                .form(Self.texts(yaml["form"]))
            } else if let json = yaml["json"] { .json(try Self.json(json)) } else { .any }
        let said = yaml["answer"] as? [String: Any] ?? [:]
        status = said["status"] as? Int ?? 200
        answerHeaders = Self.texts(said["headers"])
        answer =
            if let json = said["json"] { .json(try Self.json(json)) } else if let text = said["base64"] as? String {
                .bytes(Array(try #require(Data(base64Encoded: text), "not base64: \(text)")))
            } else { .text(said["text"].map { "\($0)" } ?? "") }
    }

    func renamed(_ text: String, _ other: String) -> ContractExchange {
        var exchange = self
        exchange.request = request.replacing(text, with: other)
        exchange.headers = headers.mapValues { $0.replacing(text, with: other) }
        exchange.answerHeaders = answerHeaders.mapValues { $0.replacing(text, with: other) }
        switch body {
        case .any: break
        case .text(let body): exchange.body = .text(body.replacing(text, with: other))
        case .json(let body): exchange.body = .json(body.replacing(text, with: other))
        case .form(let fields): exchange.body = .form(fields.mapValues { $0.replacing(text, with: other) })
        }
        switch answer {
        case .text(let answer): exchange.answer = .text(answer.replacing(text, with: other))
        case .json(let answer): exchange.answer = .json(answer.replacing(text, with: other))
        case .bytes: break
        }
        return exchange
    }

    private static func texts(_ value: Any?) -> [String: String] { (value as? [String: Any] ?? [:]).mapValues { "\($0)" } }

    private static func json(_ value: Any) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys]), as: UTF8.self)
    }

    // MARK: - Fitting

    /// - Parameter servers: the URLs by name.
    /// - Returns: why the request is another one; `nil` if it fits.
    func difference(from asked: StubRequest, at url: String, _ servers: [String: String]) -> String? {
        guard fits(request, "\(asked.method) \(url)\(asked.target)", servers) else { return "expected \(request)" }
        for (name, value) in headers where !fits(value, asked.headers[name] ?? "(none)", servers) {
            return "expected \(name): \(value), not \(asked.headers[name] ?? "(none)")"
        }
        switch body {
        case .any: return nil
        case .text(let text): return fits(text, asked.body, servers) ? nil : "expected the body \(text)"
        case .form(let fields):
            let sent = Self.form(asked.body)
            let same = Set(sent.keys) == Set(fields.keys) && fields.allSatisfy { fits($0.value, sent[$0.key] ?? "", servers) }
            return same ? nil : "expected the form \(fields), not \(sent)"
        case .json(let json):
            let expected = try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
            let sent = try? JSONSerialization.jsonObject(with: Data(asked.body.utf8), options: .fragmentsAllowed)
            return fits(expected, sent, servers) ? nil : "expected \(json), not \(asked.body)"
        }
    }

    private func fits(_ expected: Any?, _ sent: Any?, _ servers: [String: String]) -> Bool {
        switch (expected, sent) {
        case (let expected as String, let sent as String): return fits(expected, sent, servers)
        case (let expected as [String: Any], let sent as [String: Any]):
            return Set(expected.keys) == Set(sent.keys) && expected.allSatisfy { fits($0.value, sent[$0.key], servers) }
        case (let expected as [Any], let sent as [Any]):
            return expected.count == sent.count && zip(expected, sent).allSatisfy { fits($0, $1, servers) }
        case (let expected as NSObject, let sent as NSObject): return expected == sent
        default: return false
        }
    }

    private func fits(_ expected: String, _ sent: String, _ servers: [String: String]) -> Bool {
        guard expected.hasPrefix("~") else { return Self.filled(expected, servers) == sent }
        let pattern = servers.reduce(String(expected.dropFirst())) { text, server in
            text.replacing("{\(server.key)}", with: NSRegularExpression.escapedPattern(for: server.value))
        }
        return sent.range(of: "^(?:\(pattern))$", options: .regularExpression) != nil
    }

    private static func form(_ body: String) -> [String: String] {
        body.split(separator: "&").reduce(into: [:]) { fields, pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                $0.replacing("+", with: " ").removingPercentEncoding ?? String($0)
            }
            fields[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
    }

    private static func filled(_ text: String, _ servers: [String: String]) -> String {
        servers.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    // MARK: - Answering

    func response(_ servers: [String: String]) -> StubResponse {
        let headers = answerHeaders.mapValues { Self.filled($0, servers) }
        switch answer {
        case .text(let text): return .text(Self.filled(text, servers), status: status, headers: headers)
        // JSON escapes the slashes of URLs in strings only on request.
        case .json(let json): return .json(Self.filled(json.replacing("\\/", with: "/"), servers), status: status, headers: headers)
        case .bytes(let bytes): return StubResponse(status: status, headers: headers, body: bytes)
        }
    }
}
