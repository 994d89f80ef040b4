import Archive
import Foundation
import HTTPClient
import SwiftProtobuf

/// One request to a collector: OTLP over HTTP, in binary protobuf.
struct OTLPClient: Sendable {
    let configuration: TraceExportConfiguration
    let http: HTTPClient

    /// Why a batch was not taken.
    struct Failure: Error {
        /// A word for the metric: an HTTP status, or the kind of an error.
        let reason: String
        /// Without headers.
        let text: String
        /// Whether the same batch may be taken later (OTLP, "Retryable response codes").
        let isRetriable: Bool
        /// What the answer asks to wait.
        var retryAfter: Duration?
    }

    /// - Parameter limit: for the whole request.
    /// - Returns: how many spans the collector rejected, and why.
    func send(_ spans: [SpanRecord], within limit: Duration) async throws(Failure) -> (rejected: Int, why: String) {
        let body = try body(spans)
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await http.send(request(body, within: limit))
        } catch {
            throw Failure(reason: error.kind.label, text: "\(error)", isRetriable: error.isRetriable)
        }
        guard (200..<300).contains(response.status) else {
            throw Failure(
                reason: "\(response.status)", text: "POST \(response.url) answered \(response.status)",
                isRetriable: [429, 502, 503, 504].contains(response.status),
                retryAfter: response.headers.retryAfter(now: Int64(Date.now.timeIntervalSince1970)))
        }
        // A collector may answer with nothing, or with what this version cannot read: the spans are taken all the same.
        guard let answer = try? OTLPResponse(serializedBytes: response.body), answer.hasPartialSuccess else { return (0, "") }
        return (max(Int(clamping: answer.partialSuccess.rejectedSpans), 0), String(answer.partialSuccess.errorMessage.prefix(200)))
    }

    private func request(_ body: [UInt8], within limit: Duration) -> HTTPRequest {
        var headers = configuration.headers
        headers.append(("Content-Type", "application/x-protobuf"))
        if configuration.compresses { headers.append(("Content-Encoding", "gzip")) }
        return HTTPRequest(
            .post, configuration.url, headers: headers, body: .bytes(body),
            timeouts: HTTPTimeouts(queue: limit, connect: limit, firstByte: limit, stall: limit, whole: limit), maxBodyBytes: 64 << 10,
            sensitiveHeaders: configuration.headers.map(\.name))
    }

    private func body(_ spans: [SpanRecord]) throws(Failure) -> [UInt8] {
        do {
            let message = try OTLPRequest(resource: configuration.resource, version: configuration.version).encoded(spans)
            return configuration.compresses ? try Self.packed(message) : message
        } catch {
            throw Failure(reason: "encoding", text: "spans cannot be encoded: \(error)", isRetriable: false)
        }
    }

    private static func packed(_ bytes: [UInt8]) throws(ArchiveWriterError) -> [UInt8] {
        let writer = try ArchiveWriter(.gzip)
        try writer.begin(name: "spans", bytes: bytes.count)
        try writer.write(bytes)
        try writer.finish()
        return writer.take()
    }
}
