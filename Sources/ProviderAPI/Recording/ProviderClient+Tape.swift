import Encoding
import ExportCore
import Foundation
import HTTPClient
import JQ

/// All requests of a client pass here: to its API, and onto the tape, or to the tape alone.
extension ProviderClient {
    var isReplay: Bool { tape?.mode == .replay }

    /// - Parameter isSecret: whether the answer holds secrets that are not known yet.
    func fetch(_ request: HTTPRequest, isSecret: Bool = false) async throws(HTTPError) -> HTTPResponse {
        guard let tape else { return try await http.send(request) }
        if tape.mode == .replay { return try replayed(request, tape) }
        let response = try await http.send(request)
        record(request, response, on: tape, isSecret: isSecret)
        return response
    }

    func fetch(_ request: HTTPRequest, then: @escaping @Sendable (Result<HTTPResponse, HTTPError>) -> Void) {
        guard tape != nil else { return http.send(request, from: thread, then: then) }
        Task {
            do throws(HTTPError) { then(.success(try await fetch(request))) } catch { then(.failure(error)) }
        }
    }

    func open(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        guard let tape else { return try await http.stream(request) }
        if tape.mode == .replay { return HTTPStream(replaying: try replayed(request, tape)) }
        let stream = try await http.stream(request)
        let start = try await stream.peek(atMost: RecordedExchange.longestBody)
        let body = Array(start.start.prefix(RecordedExchange.longestBody))
        let response = HTTPResponse(status: stream.status, headers: stream.headers, body: body, url: stream.url)
        record(request, response, on: tape, isCut: !start.isWhole)
        return stream
    }

    private func replayed(_ request: HTTPRequest, _ tape: ExchangeTape) throws(HTTPError) -> HTTPResponse {
        let url = secrets.redacted(request.url)
        let (response, otherQuery) = try tape.answer(request, url: url)
        if let otherQuery {
            let now = url.drop { $0 != "?" }
            note(
                "the answer was recorded for another query: \(otherQuery.isEmpty ? "none" : otherQuery), now \(now.isEmpty ? "none" : now)")
        }
        return response
    }

    private func record(
        _ request: HTTPRequest, _ response: HTTPResponse, on tape: ExchangeTape, isSecret: Bool = false, isCut: Bool = false
    ) {
        let hidden = Set((request.sensitiveHeaders + ["authorization", "cookie"]).map { $0.lowercased() })
        var body: String?
        if case .bytes(let bytes) = request.body { body = isSecret ? "***" : secrets.redacted(String(decoding: bytes, as: UTF8.self)) }
        var answer = RecordedExchange.Answer(
            status: response.status, url: response.url == request.url ? nil : secrets.redacted(response.url),
            headers: headers(response.headers.fields, hiding: ["set-cookie"], showingOnly: isSecret ? Self.plainHeaders : nil),
            isCut: isCut ? true : nil)
        if isSecret {
            answer.text = Self.withoutTexts(response.body)
        } else if let text = String(validating: response.body, as: UTF8.self) {
            answer.text = secrets.redacted(text)
        } else {
            answer.base64 = Data(response.body).base64EncodedString()
        }
        tape.append(
            RecordedExchange(
                request: .init(
                    method: request.method.rawValue, url: secrets.redacted(request.url), headers: headers(request.headers, hiding: hidden),
                    body: body),
                answer: answer))
    }

    /// - Parameter plain: those of an answer that may hold tokens in any other header; `nil`: all.
    private func headers(
        _ fields: [(name: String, value: String)], hiding hidden: Set<String>, showingOnly plain: Set<String>? = nil
    ) -> [RecordedExchange.Header] {
        fields.map { field in
            let name = field.name.lowercased()
            let isHidden = hidden.contains(name) || plain.map { !$0.contains(name) } ?? false
            return .init(name: field.name, value: isHidden ? "***" : secrets.redacted(field.value))
        }
    }

    /// Headers that hold no token.
    static let plainHeaders: Set<String> = ["content-type", "content-length", "retry-after", "date", "cache-control"]

    /// An answer to a sign-in, of which every text may be a token.
    private static func withoutTexts(_ body: [UInt8]) -> String {
        guard let value = try? JQValue(json: body) else { return "***" }
        return value.withoutTexts.json
    }
}

extension JQValue {
    fileprivate var withoutTexts: JQValue {
        if let string { return string.utf8.count < 4 || string.lowercased() == "bearer" ? self : JQValue("***") }
        // Not a lifetime.
        if let number, number > 1e10 { return JQValue(0) }
        if let elements { return JQValue(elements.map(\.withoutTexts)) }
        if let entries { return JQValue(object: entries.map { ($0.key, $0.value.withoutTexts) }) }
        return self
    }
}
