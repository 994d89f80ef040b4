import Encoding
import ExportCore
import Foundation
import JQ

/// `jwt:` of `oauth2` — a signed JSON Web Token that the client authenticates with (RFC 7523).
struct AssertionPlan {
    let algorithm: WebTokenAlgorithm
    /// A private key in PEM.
    let key: Template
    let keyID: Template?
    let claims: JSONTemplate
    let lifetime: Duration

    /// The parts that it reads.
    let parts: ContextParts

    /// SMART App Launch allows five minutes at most, Google an hour.
    static let usualLifetime = Duration.seconds(300)

    init?(_ field: Field, audience: String, issuer: String, _ compiler: FilterCompiler) {
        let keys = ["algorithm", "key", "keyId", "issuer", "subject", "audience", "claims", "lifetime"]
        guard let section = field.section(keys) else { return nil }
        algorithm = section["algorithm"]?.word(WebTokenAlgorithm.self) ?? .rs256
        let key = section.required("key", fix: "write \"{{ .secrets.PRIVATE_KEY }}\", a private key in PEM").flatMap {
            compiler.requestText($0)
        }
        keyID = section["keyId"].flatMap { compiler.requestText($0) }
        lifetime = section["lifetime"]?.duration(in: .seconds(1) ... .seconds(86_400)) ?? Self.usualLifetime
        // The usual claims are the client's id and the token endpoint.
        var claims: [(key: String, value: JSONTemplate)] = []
        for (name, entry, usual) in [("iss", "issuer", issuer), ("sub", "subject", issuer), ("aud", "audience", audience)] {
            let template = section[entry].map { compiler.requestText($0) } ?? compiler.template(usual, field)
            if let template { claims.append((name, .template(template))) }
        }
        if let more = section["claims"].flatMap({ JSONTemplate($0, compiler) }), case .object(let entries) = more {
            claims.removeAll { claim in entries.contains { $0.key == claim.key } }
            claims += entries
        }
        self.claims = .object(claims)
        guard let key else { return nil }
        self.key = key
        parts = key.parts.union(keyID?.parts ?? []).union(self.claims.parts)
    }

    /// - Parameter now: seconds since 1970.
    /// - Throws: `invalid-key`, unauthorised, if the key is none for the algorithm: an operator must replace it.
    func token(_ context: JQValue, now: Int64) throws(Failure) -> String {
        var header = #"{"alg":"\#(algorithm.rawValue)","typ":"JWT""#
        if let id = try keyID?.text(context) { header += ",\"kid\":\(JQValue(id).json)" }
        let claims = (try self.claims.json(context, JSONSources()) ?? "{}").dropLast()
        let end = now + Int64(lifetime / .seconds(1))
        let times = "\"iat\":\(now),\"exp\":\(end),\"jti\":\"\(UUID().uuidString.lowercased())\"}"
        let payload = claims + (claims.count > 1 ? "," : "") + times
        let text = "\(WebTokenText.base64(Data((header + "}").utf8))).\(WebTokenText.base64(Data(payload.utf8)))"
        let pem = try key.text(context) ?? ""
        do throws(WebTokenError) {
            return "\(text).\(WebTokenText.base64(try algorithm.signature(of: Data(text.utf8), key: pem)))"
        } catch {
            throw invalid(error)
        }
    }

    /// The public key as a JSON Web Key Set.
    /// - Throws: as `token`.
    func publicKeys(_ context: JQValue) throws(Failure) -> String {
        let id = try keyID?.text(context), pem = try key.text(context) ?? ""
        do throws(WebTokenError) { return try PublicKeySet.json(algorithm, pem: pem, id: id) } catch { throw invalid(error) }
    }

    private func invalid(_ error: WebTokenError) -> Failure {
        Failure(.unauthorised, code: "invalid-key", message: "\(key.field): \(error.message)")
    }
}
