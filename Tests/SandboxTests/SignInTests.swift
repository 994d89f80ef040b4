import TestServers
import Testing

@testable import Sandbox

@Suite("Tokens that end")
struct SignInTests {
    private static let refreshing: KeyValuePairs = ["refresh-token": "first", "access-lifetime": "10s"]
    private static let graceful: KeyValuePairs = ["refresh-token": "first", "access-lifetime": "10s", "refresh-grace": "first-use"]

    @Test("a refresh token gives an access token and the next refresh token")
    func refresh() async throws {
        try await RunningSandbox.with(Self.refreshing) { sandbox in
            let first = try #require(try await sandbox.refreshed("first"))
            let second = try #require(try await sandbox.refreshed(first.refresh_token))
            #expect(first.expires_in == 10 && first.token_type == "Bearer")
            #expect(Set([first.access_token, second.access_token, first.refresh_token, second.refresh_token]).count == 4)
            #expect(try await sandbox.statusCode(bearer: first.access_token) == 202)
            #expect(try await sandbox.statusCode(bearer: second.access_token) == 202)
            #expect(try await sandbox.statistics().signIns["refreshed"] == 2)
        }
    }

    @Test("a refresh token is valid once; a used one is refused with invalid_grant and counted")
    func rotation() async throws {
        try await RunningSandbox.with(Self.refreshing) { sandbox in
            let first = try #require(try await sandbox.refreshed("first"))
            let answer = try await sandbox.refresh("first")
            #expect(answer.status == 400)
            #expect(try answer.decode(OAuthRefusal.self).error == "invalid_grant")
            #expect(try await sandbox.refreshed("never-given") == nil)
            #expect(try await sandbox.refreshed(first.refresh_token) != nil)
            let counts = try await sandbox.statistics().signIns
            #expect(counts["refusedRefreshTokens"] == 2 && counts["refreshed"] == 2)
        }
    }

    @Test("with grace, a used refresh token is valid until the access token of its answer is used")
    func graceUntilAccess() async throws {
        try await RunningSandbox.with(Self.graceful) { sandbox in
            let lost = try #require(try await sandbox.refreshed("first"))
            let kept = try #require(try await sandbox.refreshed("first"))
            #expect(try await sandbox.statusCode(bearer: kept.access_token) == 202)
            #expect(try await sandbox.refreshed("first") == nil)
            // One client has one chain: the other answer is void.
            #expect(try await sandbox.refreshed(lost.refresh_token) == nil)
            #expect(try await sandbox.refreshed(kept.refresh_token) != nil)
        }
    }

    @Test("with grace, a used refresh token is valid until the next one is used")
    func graceUntilRefresh() async throws {
        try await RunningSandbox.with(Self.graceful) { sandbox in
            let first = try #require(try await sandbox.refreshed("first"))
            #expect(try await sandbox.refreshed(first.refresh_token) != nil)
            #expect(try await sandbox.refreshed("first") == nil)
            #expect(try await sandbox.refreshed(first.refresh_token) != nil)
        }
    }

    @Test("an access token that has ended is refused with 401 and counted apart from wrong ones")
    func deadToken() async throws {
        try await RunningSandbox.with(Self.refreshing) { sandbox in
            let token = try #require(try await sandbox.refreshed("first")).access_token
            #expect(try await sandbox.statusCode(bearer: nil) == 401)
            #expect(try await sandbox.statusCode(bearer: "wrong") == 401)
            sandbox.clock.advance(by: .milliseconds(9_999))
            #expect(try await sandbox.statusCode(bearer: token) == 202)
            sandbox.clock.advance(by: .milliseconds(1))
            #expect(try await sandbox.statusCode(bearer: token) == 401)
            let statistics = try await sandbox.statistics()
            #expect(statistics.signIns["deadTokens"] == 1 && statistics.unauthorised == 2)
        }
    }

    @Test("a personal token is exchanged for a bearer token that lives for a time")
    func session() async throws {
        try await RunningSandbox.with(["personal-token": "mine", "session-lifetime": "7s"]) { sandbox in
            #expect(try await sandbox.signIn("yours").status == 401)
            #expect(try await sandbox.http.send("POST", "/v2/sessions", body: "{}").status == 400)
            let answer = try await sandbox.signIn("mine")
            let session = try answer.decode(Session.self)
            #expect(answer.status == 201 && session.expiresIn == 7)
            #expect(try await sandbox.statusCode(bearer: session.token) == 202)
            sandbox.clock.advance(by: .seconds(7))
            #expect(try await sandbox.statusCode(bearer: session.token) == 401)
            let counts = try await sandbox.statistics().signIns
            #expect(counts["sessions"] == 1 && counts["deadTokens"] == 1)
        }
    }

    @Test("a slow sign-in has taken effect before its answer comes")
    func slow() async throws {
        let options: KeyValuePairs = ["refresh-token": "first", "sign-in-time": "300ms"]
        try await RunningSandbox.with(options) { sandbox in
            let begun = ContinuousClock.now
            async let answer = sandbox.refreshed("first")
            try await eventually(within: .seconds(10), "it has come") { try await sandbox.statistics().signIns["refreshed"] == 1 }
            #expect(try await sandbox.refreshed("first") == nil)
            #expect(try await answer != nil)
            #expect(ContinuousClock.now - begun >= .milliseconds(300))
        }
    }

    @Test("the fixed token stays valid beside tokens that end")
    func fixedToken() async throws {
        try await RunningSandbox.with(["token": "fixed", "personal-token": "mine"]) { sandbox in
            let session = try await sandbox.signIn("mine").decode(Session.self)
            #expect(try await sandbox.statusCode(bearer: "fixed") == 202)
            #expect(try await sandbox.statusCode(bearer: session.token) == 202)
            #expect(try await sandbox.statusCode(bearer: "mine") == 401)
        }
    }

    @Test("without the options there are no token endpoints, and requests need no token")
    func off() async throws {
        try await RunningSandbox.with { sandbox in
            let refused = [try await sandbox.refresh("first"), try await sandbox.signIn("mine")]
            #expect(refused.map(\.status) == [404, 404])
            #expect(try await sandbox.statusCode(bearer: nil) == 202)
        }
    }

    @Test("another grant, or none, is refused as RFC 6749 says")
    func otherGrants() async throws {
        try await RunningSandbox.with(Self.refreshing) { sandbox in
            for (body, error) in [
                ("grant_type=client_credentials", "unsupported_grant_type"), ("", "unsupported_grant_type"),
                ("grant_type=refresh_token", "invalid_request"),
            ] {
                let answer = try await sandbox.http.send("POST", "/v2/oauth/token", body: body)
                #expect(answer.status == 400)
                #expect(try answer.decode(OAuthRefusal.self).error == error)
            }
            #expect(try await sandbox.http.get("/v2/oauth/token").status == 405)
        }
    }

    @Test("a sign-in whose answer is lost has taken effect, and other faults prevent it")
    func faults() async throws {
        let options: KeyValuePairs = ["refresh-token": "first", "fault": "signIn:500=1", "fault": "signIn:lostAnswer=1"]
        try await RunningSandbox.with(options) { sandbox in
            #expect(try await sandbox.refresh("first").status == 500)
            let lost = try await sandbox.http.exchange("POST", "/v2/oauth/token", body: "grant_type=refresh_token&refresh_token=first")
            #expect(lost == nil)
            #expect(try await sandbox.refresh("first").status == 400)
            let statistics = try await sandbox.statistics()
            #expect(statistics.faults["500"] == 1 && statistics.faults["lostAnswer"] == 1)
            #expect(statistics.requests["signIn"] == 3)
        }
    }
}

private struct OAuthGrant: Decodable {
    var access_token: String
    var token_type: String
    var expires_in: Int
    var refresh_token: String
}

private struct OAuthRefusal: Decodable {
    var error: String
}

private struct Session: Decodable {
    var token: String
    var expiresIn: Int
}

extension RunningSandbox {
    fileprivate func refresh(_ token: String) async throws -> RawHTTP.Response {
        try await http.send("POST", "/v2/oauth/token", body: "grant_type=refresh_token&refresh_token=\(token)")
    }

    /// - Returns: nil if the token is refused.
    fileprivate func refreshed(_ token: String) async throws -> OAuthGrant? {
        let answer = try await refresh(token)
        return answer.status == 200 ? try answer.decode(OAuthGrant.self) : nil
    }

    fileprivate func signIn(_ personalToken: String) async throws -> RawHTTP.Response {
        try await http.send("POST", "/v2/sessions", body: #"{"personalToken": "\#(personalToken)"}"#)
    }

    /// What a create with the bearer token is answered.
    fileprivate func statusCode(bearer: String?) async throws -> Int {
        let headers = bearer.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        return try await http.send("POST", "/v2/exports", headers: headers, body: "{}").status
    }
}
