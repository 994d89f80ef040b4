import Foundation
import HTTPClient
import JQ

extension ProviderClient {
    /// So much of a body is shown.
    private static let shownBody = 4000

    func trace(_ request: HTTPRequest) {
        guard let trace else { return }
        var body = ""
        if case .bytes(let bytes) = request.body { body = shown(bytes) }
        // Base64 of a secret with others before and after it is more than the secret: none of it is shown.
        let headers = request.headers.map { header in
            let isBasic = header.name.lowercased() == "authorization" && header.value.hasPrefix("Basic ")
            return isBasic ? (header.name, "Basic ***") : header
        }
        trace(.request(method: request.method.rawValue, url: secrets.redacted(request.url), headers: shown(headers), body: body))
    }

    /// - Parameters:
    ///   - isSecret: whether the body holds secrets that are not known yet.
    ///   - isRead: whether the body was asked for.
    func trace(_ answer: ProviderResponse, took: Duration, isSecret: Bool = false, isRead: Bool = true) {
        guard let trace else { return }
        let body = isSecret && answer.status < 400 ? "(not shown: it holds what the session needs)" : shown(answer.bytes)
        let headers = answer.headers.fields.filter { !isSecret || Self.plainHeaders.contains($0.name.lowercased()) }
        trace(.answer(status: answer.status, headers: shown(headers), body: body, bytes: isRead ? answer.bytes.count : nil, took: took))
    }

    func trace(_ stream: HTTPStream, took: Duration) {
        guard let trace else { return }
        let bytes = stream.headers["content-length"].flatMap { Int($0) }
        trace(.answer(status: stream.status, headers: shown(stream.headers.fields), body: "", bytes: bytes, took: took))
    }

    private func shown(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        headers.map { ($0.name, secrets.start(of: $0.value, atMost: 500)) }
    }

    private func shown(_ bytes: [UInt8]) -> String {
        let text = String(decoding: ByteOrderMark.removed(Array(bytes.prefix(Redaction.searched))), as: UTF8.self)
        return secrets.redaction.start(of: text, atMost: Self.shownBody, goesOn: bytes.count > Redaction.searched)
    }

    /// Called on the client's thread, wherever a filter runs.
    nonisolated func noteFilter(_ field: String, _ filter: String, _ outputs: [JQValue]) {
        let text = outputs.isEmpty ? "(no output)" : outputs.map(\.json).joined(separator: ", ")
        trace?(.filter(field: field, filter: filter, output: shownRedaction.start(of: text, atMost: 300)))
    }
}
