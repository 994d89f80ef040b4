import Encoding
import Foundation
import NIOCore
import NIOHTTP1

/// Bearer tokens: who gets them, and what requests without a valid one are answered.
extension SandboxAPI {
    /// - Returns: nil if the request carries a valid token.
    func refusal(of request: APIRequest) -> APIResponse? {
        let text: String
        switch tokens.verdict(on: request) {
        case .valid: return nil
        case .dead: text = "the bearer token has expired"
        case .unknown:
            registry.countUnauthorised()
            text = "the bearer token is missing or wrong"
        }
        return APIResponse.error(.unauthorized, "unauthorised", text).adding("WWW-Authenticate", "Bearer")
    }

    /// The token endpoint of OAuth 2, with the refresh-token grant only and for any client (RFC 6749, sections 5 and 6).
    func refresh(_ request: APIRequest) -> APIAnswer {
        guard configuration.signIn.refreshToken != nil else { return noSignIn }
        let fault = registry.signInFault()
        if let fault, fault.fault != .lostAnswer { return answer(fault) }
        guard request.field("grant_type") == "refresh_token" else {
            return .response(oauthError("unsupported_grant_type", "the only grant_type is refresh_token"))
        }
        guard let token = request.field("refresh_token") else {
            return .response(oauthError("invalid_request", "refresh_token is missing"))
        }
        guard let grant = tokens.refresh(token) else {
            return .response(oauthError("invalid_grant", "the refresh token is not valid, or was used"))
        }
        if let fault { return answer(fault) }
        let response = APIResponse.json(.ok) { json in
            json.field("access_token", grant.bearer)
            json.field("token_type", "Bearer")
            json.field("expires_in", configuration.signIn.accessLifetime.nanoseconds / 1_000_000_000)
            json.field("refresh_token", grant.refreshToken)
        }
        return .slow(response.adding("Cache-Control", "no-store"), configuration.signIn.time)
    }

    /// Exchanges a personal token for a bearer token.
    func beginSession(_ request: APIRequest) -> APIAnswer {
        guard configuration.signIn.personalToken != nil else { return noSignIn }
        let fault = registry.signInFault()
        if let fault, fault.fault != .lostAnswer { return answer(fault) }
        let login: Login
        do {
            login = try JSONDecoder().decode(Login.self, from: Data(request.body.readableBytesView))
        } catch {
            return .response(.error(.badRequest, "bad-request", "expected {\"personalToken\": …}"))
        }
        guard let grant = tokens.beginSession(login.personalToken) else {
            return .response(.error(.unauthorized, "unauthorised", "the personal token is wrong"))
        }
        if let fault { return answer(fault) }
        let response = APIResponse.json(.created) { json in
            json.field("token", grant.bearer)
            json.field("expiresIn", configuration.signIn.sessionLifetime.nanoseconds / 1_000_000_000)
        }
        return .slow(response, configuration.signIn.time)
    }

    private struct Login: Decodable {
        var personalToken: String
    }

    private var noSignIn: APIAnswer { .response(.error(.notFound, "no-such-path", "this sandbox issues no such tokens")) }

    private func oauthError(_ code: String, _ text: String) -> APIResponse {
        APIResponse.json(.badRequest) { json in
            json.field("error", code)
            json.field("error_description", text)
        }
    }
}

extension ExportRegistry {
    /// The fault of the present sign-in, which is counted already. It concerns no export.
    func signInFault() -> InjectedFault? {
        let key = Draw.mix(configuration.seed)
        let now = clock.now()
        return state.withLock { state in
            let occasion = state.statistics.requests[RequestKind.signIn.index]
            guard let fault = faults.decide(at: .signIn, key: key, occasion: occasion) else { return nil }
            state.statistics.faults[fault.fault, default: 0] += 1
            log.fault(fault, at: .signIn, id: nil, key: nil, file: nil, now: now)
            return fault
        }
    }
}
