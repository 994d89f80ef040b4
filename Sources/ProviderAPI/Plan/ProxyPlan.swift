import ExportCore
import HTTPClient
import JQ

/// `proxy:` — the proxy of all requests of a provider, or `none`.
enum ProxyPlan {
    case none
    case url(Template)

    init?(_ field: Field, _ compiler: FilterCompiler) {
        let fix = "write http://HOST:PORT, with USER:{{ .secrets.PASSWORD }}@ in front of the host if it asks for them, or none"
        guard let text = field.text(fix: fix) else { return nil }
        if text == "none" {
            self = .none
            return
        }
        guard WebURL.isAbsolute(text) else {
            field.problem("\"\(text)\" is not the URL of a proxy", fix: fix)
            return nil
        }
        guard let url = compiler.having([.secrets], { compiler.template(text, field, encoding: .percent) }) else { return nil }
        self = .url(url)
    }

    var parts: ContextParts { if case .url(let url) = self { url.parts } else { [] } }

    func rules(_ context: JQValue) throws(Failure) -> ProxyRules {
        guard case .url(let url) = self else { return .none }
        let text = try url.text(context)
        return ProxyRules(http: text, https: text)
    }
}
