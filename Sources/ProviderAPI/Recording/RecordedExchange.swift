import Encoding
import Foundation
import HTTPClient

/// A request and its answer as they are recorded: without secrets.
public struct RecordedExchange: Codable, Sendable, Equatable {
    public struct Header: Codable, Sendable, Equatable {
        public var name: String
        public var value: String
    }

    public struct Request: Codable, Sendable, Equatable {
        public var method: String
        public var url: String
        public var headers: [Header]
        public var body: String?
    }

    public struct Answer: Codable, Sendable, Equatable {
        public var status: Int
        /// The URL that answered, after redirects; `nil`: the one that was asked.
        public var url: String?
        public var headers: [Header]
        /// The body, if it is text.
        public var text: String?
        /// The body, if it is not.
        public var base64: String?
        /// Whether the body goes on.
        public var isCut: Bool?
    }

    public var request: Request
    public var answer: Answer

    /// The longest body that is recorded, of a download.
    static let longestBody = 1 << 20

    var response: HTTPResponse {
        let body = answer.text.map { Array($0.utf8) } ?? answer.base64.flatMap { Data(base64Encoded: $0) }.map(Array.init) ?? []
        // The body stands here as it was read: decoded, and as long as it is.
        let headers = answer.headers.filter { !["content-length", "transfer-encoding"].contains($0.name.lowercased()) }
        return HTTPResponse(
            status: answer.status, headers: HTTPHeaders(headers.map { ($0.name, $0.value) }), body: body, url: answer.url ?? request.url)
    }
}
