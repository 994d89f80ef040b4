import Crypto
import Encoding
import ExportCore
import Foundation
import JQ
import Yams

/// `login:` of `oauth2` — how a person obtains the first refresh token: the authorization code grant with PKCE on the loopback interface (RFC
/// 6749, section 4.1; RFC 7636; RFC 8252, section 7.3).
struct LoginPlan {
    let authorizationURL: Template
    let clientID: Template
    let scope: Template?
    let parameters: [RequestTemplate.Parameter]
    /// Where the browser is sent back to: `nil` lets the system choose a port.
    let port: Int?
    let path: String
    /// Exchanges the code. It reads `.session.code`, `.session.redirect_uri` and `.session.code_verifier`.
    let exchange: SessionPlan

    static let names = ["code", "redirect_uri", "code_verifier"]

    init?(_ field: Field, clientID: Field, scope: Field?, exchange: SessionPlan?, _ compiler: FilterCompiler) {
        guard let section = field.section(["authorizationURL", "parameters", "port", "path"]) else { return nil }
        let fix = "write the URL of the page where a person signs in, such as https://auth.example.com/authorize"
        let url = section.required("authorizationURL", fix: fix)
        if let url, let text = url.text(), !WebURL.isAbsolute(text) { url.problem("\"\(text)\" is not a URL", fix: fix) }
        port = section["port"]?.integer(in: 1...65_535)
        path = section["path"]?.text() ?? "/callback"
        if !Self.isPath(path) {
            section["path"]?.problem("not a plain path", fix: "write a / and letters, digits, -, _, . or /: /callback")
        }
        let texts = compiler.having([.secrets]) {
            (
                url.flatMap { compiler.requestText($0) }, compiler.requestText(clientID), scope.flatMap { compiler.requestText($0) },
                RequestTemplate.parameters(section["parameters"], compiler)
            )
        }
        guard let authorizationURL = texts.0, let clientID = texts.1, let exchange else { return nil }
        (self.authorizationURL, self.clientID, self.scope, parameters, self.exchange) = (
            authorizationURL, clientID, texts.2, texts.3, exchange
        )
    }

    /// The same for a browser, for the program that waits for it, and for the API where it is registered.
    private static func isPath(_ text: String) -> Bool { text.wholeMatch(of: /\/[A-Za-z0-9._~\/-]*/) != nil && !text.contains("//") }

    /// The page to open in a browser.
    /// - Throws: as `Template.text`.
    func url(_ login: Login, _ context: JQValue) throws(Failure) -> String {
        var query = [
            ("response_type", "code"), ("client_id", try clientID.text(context) ?? ""), ("redirect_uri", login.redirect),
            ("state", login.state), ("code_challenge", login.challenge), ("code_challenge_method", "S256"),
        ]
        if let scope = try scope?.text(context) { query.append(("scope", scope)) }
        for parameter in parameters {
            if let value = try parameter.value.text(context) { query.append((parameter.name, value)) }
        }
        let base = try authorizationURL.text(context) ?? ""
        let text = query.map { "\(PercentEncoding.encoded($0.0))=\(PercentEncoding.encoded($0.1))" }.joined(separator: "&")
        return base + (base.contains("?") ? "&" : "?") + text
    }
}

/// One attempt of a person to sign in.
public struct Login: Sendable {
    /// Where the browser is sent back to, on this machine.
    public let redirect: String
    /// Tells the answer to this attempt from others.
    public let state: String
    /// A secret that only this process has.
    let verifier: String

    public init(redirect: String) {
        self.redirect = redirect
        (state, verifier) = (Self.random(16), Self.random(32))
    }

    /// RFC 7636, section 4.2.
    var challenge: String { WebTokenText.base64(Data(SHA256.hash(data: Data(verifier.utf8)))) }

    private static func random(_ count: Int) -> String {
        WebTokenText.base64(SymmetricKey(size: .init(bitCount: count * 8)).withUnsafeBytes { Data($0) })
    }
}
