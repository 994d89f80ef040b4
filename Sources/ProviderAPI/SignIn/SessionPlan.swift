import Crypto
import Encoding
import ExportCore
import Foundation
import JQ
import Yams

/// `auth: {session: …}` and `auth: {oauth2: …}`: a request that returns what other requests authenticate with, for a time.
final class SessionPlan {
    let request: RequestTemplate
    /// What is kept of the answer, as `.session`.
    let values: ExportMapping
    /// How its errors are read.
    let reading: AnswerReading
    /// Seconds from the answer on, or the time at which it ends.
    let expires: Filter?
    /// Used if `expires` is not given or gives nothing.
    let lifetime: Duration
    /// What requests send. It reads `.session`.
    let send: Credentials
    /// What a chain of sign-ins begins with, such as the first refresh token. If it changes, the chain begins again.
    let first: Template?
    /// Signed for each sign-in, as `.assertion`.
    var assertion: AssertionPlan?
    /// How a person begins a chain; only with `oauth2`.
    var login: LoginPlan?
    /// Tells this version of the section from others.
    let fingerprint: String
    /// Whether the request reads what an earlier one returned: a refresh token that changes. Without a record of it nobody can sign in.
    let isChained: Bool

    private init(
        request: RequestTemplate, values: ExportMapping, reading: AnswerReading, expires: Filter?, lifetime: Duration, send: Credentials,
        first: Template?,
        text: Node
    ) {
        (self.request, self.values, self.expires, self.lifetime, self.send) = (request, values, expires, lifetime, send)
        self.first = first
        self.reading = reading
        // A node that was read can be written.
        let yaml = (try? Yams.serialize(node: text)) ?? ""
        fingerprint = String(Hexadecimal.text(SHA256.hash(data: Data(yaml.utf8))).prefix(16))
        isChained = request.parts.contains(.session)
    }

    /// The parts that the filters over the answer read.
    var answerParts: ContextParts { values.parts.union(expires?.parts ?? []).union(reading.parts) }

    /// The secrets that the first token is.
    var firstSecrets: Set<String> { first?.secretNames ?? [] }

    static let usualLifetime = Duration.seconds(3600)
    private static let lifetimes = Duration.seconds(1) ... .seconds(365 * 86_400)

    /// A request, the values to keep, how long they last, and what to send.
    /// - Parameter given: the names in `.session` that no answer has stored.
    static func session(_ field: Field, _ compiler: FilterCompiler, also parts: ContextParts = [], given: [String] = []) -> SessionPlan? {
        guard let section = field.section(RequestTemplate.keys + ["values", "expires", "lifetime", "send", "first", "errors"]) else {
            return nil
        }
        let known = compiler.sessionUses.count
        let request = compiler.having(ContextParts([.secrets, .session]).union(parts)) { RequestTemplate(section, compiler) }
        let fix = "write what requests need of the answer, such as { token: .response.body.token }"
        let values = section.required("values", fix: fix).flatMap { field in
            compiler.having([.secrets, .session]) { ExportMapping(field, compiler) }
        }
        let expires = section["expires"].flatMap { field in
            compiler.having([.secrets, .session]) { compiler.overAnswer { compiler.filter(field) } }
        }
        let reading = compiler.having([.secrets, .session]) { AnswerReading(section, AnswerDefaults(), compiler) }
        let lifetime = section["lifetime"]?.duration(in: lifetimes) ?? usualLifetime
        let sendFix = "write what requests send, such as { bearer: \"{{ .session.token }}\" }"
        let send = section.required("send", fix: sendFix).map { field in
            compiler.having([.anywhere, .export, .session]) { Credentials(ofSession: field, compiler) }
        }
        let first = section["first"].flatMap { field in compiler.having([.secrets]) { compiler.requestText(field) } }
        for use in compiler.sessionUses.dropFirst(known) where !(values?.names.contains(use.name) ?? true) && !given.contains(use.name) {
            use.field.problem("nothing stores .session.\(use.name)", fix: "add \(use.name) to values")
        }
        guard let request, let values, let send else { return nil }
        // It must not need the session that it obtains.
        request.credentials = request.credentials ?? Credentials.none
        return SessionPlan(
            request: request, values: values, reading: reading, expires: expires, lifetime: lifetime, send: send, first: first,
            text: field.node)
    }

    /// Reports what one session for all jobs cannot be.
    func check(_ base: Template, _ field: Field?) {
        guard !request.line.isAbsolute, !base.parts.isDisjoint(with: [.job, .parameters, .export]) else { return }
        field?.problem(
            "the session is shared by all jobs, but baseURL depends on the job", fix: "write the complete URL of the request that signs in")
    }

    /// OAuth 2 (RFC 6749): client credentials (section 4.4) or a refresh token (section 6).
    static func oauth2(_ field: Field, _ compiler: FilterCompiler) -> SessionPlan? {
        OAuth2Reading(field, compiler).flatMap { $0.plan }
    }
}
