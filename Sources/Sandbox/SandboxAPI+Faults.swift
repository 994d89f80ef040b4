import NIOCore
import NIOHTTP1

/// What injected faults put in place of the normal response.
extension SandboxAPI {
    /// The response to a fault that replaces the normal one.
    func answer(_ fault: Fault) -> APIAnswer {
        switch fault {
        case .tooManyRequests:
            let response = APIResponse.error(.tooManyRequests, "too-many-requests", "injected: slow down")
            return .response(response.adding("Retry-After", wholeSeconds(configuration.throttleRetryAfter.nanoseconds)))
        case .hang: return .hang
        case .lostAnswer: return .disconnect
        default: return .response(.error(.internalServerError, "internal-error", "injected: \(fault.rawValue)"))
        }
    }
}
