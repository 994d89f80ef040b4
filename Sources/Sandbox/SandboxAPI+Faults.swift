import Encoding
import NIOCore
import NIOHTTP1

/// What injected faults put in place of the normal response.
extension SandboxAPI {
    func answer(_ injected: InjectedFault) -> APIAnswer {
        switch injected.fault {
        case .hang: .hang
        case .lostAnswer: .disconnect
        case .tooManyRequests: .response(throttled(wholeSeconds(configuration.throttleRetryAfter.nanoseconds)))
        case .bareTooManyRequests: .response(throttled(nil))
        case .zeroTooManyRequests: .response(throttled("0"))
        case .oddTooManyRequests: .response(throttled(injected.form(OddRetryAfter.self).text(at: registry.clock.now())))
        case .bareUnavailable: .response(.error(.serviceUnavailable, "unavailable", "injected: unavailable"))
        case .conflict: .response(busy(injected.form(BusyStatus.self)))
        case .processing: .response(processing(injected.form(ProcessingHint.self)))
        case .htmlPage: .response(Self.loginPage)
        case .errorDocument: .response(document(injected.form(ErrorDocument.self)))
        case .noContent: .response(APIResponse(status: .noContent))
        default: .response(.error(.internalServerError, "internal-error", "injected: \(injected.fault.rawValue)"))
        }
    }

    private func throttled(_ retryAfter: String?) -> APIResponse {
        let response = APIResponse.error(.tooManyRequests, "too-many-requests", "injected: slow down")
        return retryAfter.map { response.adding("Retry-After", $0) } ?? response
    }

    private func busy(_ status: BusyStatus) -> APIResponse {
        let known: HTTPResponseStatus =
            switch status {
            case .conflict: .conflict
            case .locked: .locked
            case .tooEarly: .custom(code: 425, reasonPhrase: "Too Early")
            }
        return .error(known, "busy", "injected: busy")
    }

    private func processing(_ hint: ProcessingHint) -> APIResponse {
        let response = APIResponse.json(.accepted) { $0.field("status", "processing") }
        return hint == .retryAfter ? response.adding("Retry-After", "1") : response
    }

    private static let loginPage = APIResponse(
        status: .ok, headers: [("Content-Type", "text/html; charset=utf-8")],
        body: Array("<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><h1>Please log in</h1></body></html>\n".utf8))

    private func document(_ form: ErrorDocument) -> APIResponse {
        switch form {
        case .json: .error(.ok, "internal-error", "injected: internal error")
        case .xml:
            APIResponse(
                status: .ok, headers: [("Content-Type", "application/xml")],
                body: Array(
                    """
                    <?xml version="1.0" encoding="UTF-8"?>
                    <Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>

                    """.utf8))
        }
    }
}
