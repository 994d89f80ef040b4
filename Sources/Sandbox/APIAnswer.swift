import Encoding
import NIOCore
import NIOHTTP1

/// The outcome of a request.
enum APIAnswer: Sendable {
    case response(APIResponse)
    /// A response that requires files to be generated first; not on the event loop.
    case later(@Sendable () throws -> APIAnswer)
    case stream(APIResponse, BodyStream)
    /// A response that is sent after a while.
    case slow(APIResponse, Duration)
    /// No response until the client disconnects.
    case hang
    /// No response; the connection is closed.
    case disconnect
}

/// A response with a small body.
struct APIResponse: Sendable {
    var status: HTTPResponseStatus
    var headers: [(String, String)] = []
    var body: [UInt8] = []

    static func json(_ status: HTTPResponseStatus, _ content: (inout JSONWriter) -> Void) -> APIResponse {
        var json = JSONWriter()
        json.object { content(&$0) }
        return APIResponse(status: status, headers: [("Content-Type", "application/json")], body: json.bytes)
    }

    /// An error in the format of the simulated API: `{"error":{"code":…,"message":…}}`.
    static func error(_ status: HTTPResponseStatus, _ code: String, _ message: String) -> APIResponse {
        json(status) { json in
            json.object("error") { error in
                error.field("code", code)
                error.field("message", message)
            }
        }
    }

    func adding(_ name: String, _ value: String) -> APIResponse {
        var response = self
        response.headers.append((name, value))
        return response
    }
}
