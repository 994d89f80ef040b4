import Yams

/// Reads `oauth2:`, as the session that it stands for.
struct OAuth2Reading {
    private(set) var plan: SessionPlan?

    private enum Grant: String, CaseIterable {
        case clientCredentials = "client_credentials"
        case refreshToken = "refresh_token"
        /// RFC 7523, section 2.1.
        case jwtBearer = "jwt_bearer"
        /// RFC 6749, section 4.1: for `login` only.
        case authorizationCode = "authorization_code"

        /// Those that a provider file may name.
        static let allCases: [Grant] = [.clientCredentials, .refreshToken, .jwtBearer]
    }

    /// How the client says who it is: RFC 6749, section 2.3.1; `jwt`: RFC 7523, section 2.2.
    private enum Client: String, CaseIterable {
        case basic, body, jwt
    }

    init?(_ field: Field, _ compiler: FilterCompiler) {
        let keys = [
            "grant", "tokenURL", "clientId", "clientSecret", "client", "refreshToken", "rotates", "scope", "parameters", "jwt", "lifetime",
            "send", "login",
        ]
        guard let section = field.section(keys) else { return nil }
        let isLong = section.has("refreshToken") || section.has("login")
        let grant = section["grant"]?.word(Grant.self) ?? (isLong ? .refreshToken : .clientCredentials)
        let client = section["client"]?.word(Client.self) ?? (section.has("jwt") && grant != .jwtBearer ? .jwt : .basic)
        let url = section.required("tokenURL", fix: "write the URL of the token endpoint, such as https://auth.example.com/oauth/token")
        let id = section.required("clientId", fix: "write \"{{ .secrets.CLIENT_ID }}\"")
        let needsToken = grant == .jwtBearer || client == .jwt
        if needsToken { _ = section.required("jwt", fix: "write { algorithm: RS256, key: \"{{ .secrets.PRIVATE_KEY }}\" }") }
        if grant == .clientCredentials, client != .jwt {
            _ = section.required("clientSecret", fix: "write \"{{ .secrets.CLIENT_SECRET }}\"")
            section["refreshToken"]?.problem("client_credentials has no refresh token", fix: "remove it, or write grant: refresh_token")
        } else if grant == .refreshToken, !section.has("login") {
            _ = section.required("refreshToken", fix: "write \"{{ .secrets.REFRESH_TOKEN }}\", the first one")
        }
        guard let urlField = url, let url = url?.text(), let id = id?.text() else { return nil }
        if !WebURL.isAbsolute(url) { urlField.problem("\"\(url)\" is not a URL", fix: "begin with https:// and the name of the host") }
        if grant == .refreshToken, let first = section["refreshToken"], let text = first.text(), !Self.isFilter(text) {
            first.problem("not one filter, so a new token could not replace it", fix: "write \"{{ .secrets.REFRESH_TOKEN }}\"")
        }
        Self.log(field)
        plan = field.report.withoutLog { Self.session(section, grant, client, url, id, compiler) }
        if let login = section["login"] { readLogin(login, section, client, url, id, compiler) }
        guard needsToken, let field = section["jwt"] else { return }
        plan?.assertion = compiler.having([.secrets]) { AssertionPlan(field, audience: url, issuer: id, compiler) }
        plan?.login?.exchange.assertion = plan?.assertion
    }

    private mutating func readLogin(
        _ login: Field, _ section: Section, _ client: Client, _ url: String, _ id: String, _ compiler: FilterCompiler
    ) {
        guard let plan, plan.isChained || section["rotates"]?.boolean() == false else {
            return login.problem("this grant needs no person", fix: "remove it, or write grant: refresh_token")
        }
        let exchange = login.report.withoutLog { Self.session(section, .authorizationCode, client, url, id, compiler) }
        guard let idField = section["clientId"] else { return }
        plan.login = LoginPlan(login, clientID: idField, scope: section["scope"], exchange: exchange, compiler)
    }

    /// What is read as part of the session that is made of the section.
    private static func log(_ field: Field) {
        guard let log = field.report.log else { return }
        let texts = [
            "clientSecret", "scope", "parameters.*", "send.bearer", "send.header.*", "send.query.*", "send.basic.username",
            "send.basic.password",
        ]
        log.note("\(field.path).parameters", .map)
        log.note("\(field.path).lifetime", .duration)
        log.note("\(field.path).rotates", .boolean)
        log.note("\(field.path).send", keys: ["bearer", "basic", "header", "query"])
        for place in ["send.header", "send.query"] { log.note("\(field.path).\(place)", .map) }
        log.note("\(field.path).send.basic", keys: ["username", "password"])
        for place in texts { log.note("\(field.path).\(place)", .text) }
    }

    /// The session is written as a user would write it, so that there is one way to read it.
    private static func session(
        _ section: Section, _ grant: Grant, _ client: Client, _ url: String, _ id: String, _ compiler: FilterCompiler
    ) -> SessionPlan? {
        func text(_ value: String) -> Node { Node(value, Tag(.str), .doubleQuoted) }
        var chain: Node?
        let grantType = grant == .jwtBearer ? "urn:ietf:params:oauth:grant-type:jwt-bearer" : grant.rawValue
        var form: [(Node, Node)] = [(text("grant_type"), text(grantType))]
        if grant == .jwtBearer { form.append((text("assertion"), text("{{ .assertion }}"))) }
        let first = section["refreshToken"]?.text()
        // Without a first one, all come from a login.
        let rotates = section["rotates"]?.boolean() ?? true || first == nil
        switch grant {
        case .refreshToken:
            form.append((text("refresh_token"), text(first.map { rotates ? chained($0) : $0 } ?? "{{ .session.refresh_token }}")))
            chain = rotates ? first.map(text) : nil
        case .authorizationCode: form += LoginPlan.names.map { (text($0), text("{{ .session.\($0) }}")) }
        case .clientCredentials, .jwtBearer: break
        }
        if let scope = section["scope"], grant != .authorizationCode { form.append((text("scope"), scope.node)) }
        for entry in section["parameters"].flatMap(Section.init)?.fields ?? [] { form.append((text(entry.key), entry.value.node)) }
        var request: [(Node, Node)] = [(text("request"), text("POST \(url)"))]
        let secret = section["clientSecret"]
        if client == .jwt {
            form.append((text("client_assertion_type"), text("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")))
            form.append((text("client_assertion"), text("{{ .assertion }}")))
        } else if grant == .jwtBearer, secret == nil {
            // The assertion says who it is.
        } else if client == .basic, let secret {
            request.append((text("auth"), Node([(text("basic"), Node([(text("username"), text(id)), (text("password"), secret.node)]))])))
        } else {
            form.append((text("client_id"), text(id)))
            if let secret { form.append((text("client_secret"), secret.node)) }
        }
        request.append((text("form"), Node(form)))
        if let chain { request.append((text("first"), chain)) }
        request.append(
            (
                text("values"),
                Node(
                    [(text("access_token"), text(".response.body.access_token"))]
                        // An answer without a new one leaves the old one valid.
                        + (rotates || grant == .authorizationCode
                            ? [(text("refresh_token"), text(".response.body.refresh_token // .session.refresh_token // empty"))] : []))
            ))
        request.append((text("expires"), text(".response.body.expires_in")))
        if let lifetime = section["lifetime"] { request.append((text("lifetime"), lifetime.node)) }
        request.append((text("send"), section["send"]?.node ?? Node([(text("bearer"), text("{{ .session.access_token }}"))])))
        // Some servers refuse with the code 200.
        let refusal: [(Node, Node)] = [
            (text("when"), text(".response.status < 300 and (.response.body | objects | .error? != null)")),
            (text("class"), text("unauthorised")),
            (text("message"), text(".response.body | .error_description? // .error")),
        ]
        request.append((text("errors"), Node([Node(refusal)])))
        let mark = section.field
        return SessionPlan.session(
            Field(node: Node(request), path: mark.path, report: mark.report), compiler, also: .assertion,
            given: grant == .authorizationCode ? LoginPlan.names : [])
    }

    private static func isFilter(_ text: String) -> Bool {
        guard let pieces = TemplateText.pieces(of: text), pieces.count == 1, case .filter = pieces[0] else { return false }
        return true
    }

    /// `{{ .secrets.X }}` as the first refresh token, which later ones replace.
    private static func chained(_ first: String) -> String {
        guard first.hasPrefix("{{"), first.hasSuffix("}}") else { return first }
        return "{{ .session.refresh_token // (\(first.dropFirst(2).dropLast(2))) }}"
    }
}
