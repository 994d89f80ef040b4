import ExportCore
import HTTPClient
import JQ

/// `webhook:` — the endpoint that is told about the ends of a provider's jobs.
struct WebhookPlan {
    private let url: Template
    private let secrets: [Template]
    let statuses: [JobStatus]
    /// The secrets that it names, each with the field of `webhook`.
    let secretFields: [String: Field]

    private enum Event: String, CaseIterable { case completed, failed }

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard let section = field.section(["url", "secrets", "on"]) else { return nil }
        let url = section.required("url", fix: "write https://HOST/PATH").flatMap { Self.url($0, compiler) }
        let fix = "write [\"{{ .secrets.NAME }}\"], where the secret is \(WebhookSecret.rule)"
        let fields = section.required("secrets", fix: fix)?.list(fix: fix) ?? []
        if section.has("secrets"), !(1...WebhookSecret.most).contains(fields.count) {
            section["secrets"]?.problem(
                "\(fields.count) secrets", fix: "write 1 to \(WebhookSecret.most); messages are never sent unsigned")
        }
        secrets = compiler.having([.secrets]) { fields.compactMap { Self.secret($0, compiler) } }
        let events = section["on"]?.list(fix: "write [completed, failed]").compactMap { $0.word(Event.self) } ?? Event.allCases
        if events.isEmpty { section["on"]?.problem("empty, so nothing would be sent", fix: "write [completed, failed]") }
        statuses = events.map { $0 == .completed ? .completed : .failed }
        guard let url else { return nil }
        self.url = url
        let names = secrets.reduce(url.secretNames) { $0.union($1.secretNames) }
        secretFields = Dictionary(uniqueKeysWithValues: names.map { ($0, field) })
    }

    /// Plain http is for receivers on this machine; LONGHAUL_EGRESS decides whether they may be reached.
    private static func url(_ field: Field, _ compiler: FilterCompiler) -> Template? {
        let fix = "write https://HOST/PATH"
        guard let text = field.text(fix: fix) else { return nil }
        guard text.hasPrefix("https://") || text.contains(#/^http:\/\/(127\.[0-9.]+|localhost|\[::1\])(:[0-9]+)?(\/|$)/#) else {
            field.problem("\"\(WebURL.shown(text))\" is not an https:// URL", fix: fix)
            return nil
        }
        return compiler.having([.secrets]) { compiler.template(text, field, encoding: .percent) }
    }

    /// A secret in a file would be stored with its text.
    private static func secret(_ field: Field, _ compiler: FilterCompiler) -> Template? {
        guard let template = compiler.requestText(field) else { return nil }
        guard template.usesSecrets else {
            field.problem("a secret that stands in the file", fix: "write \"{{ .secrets.NAME }}\": the text of the file is stored")
            return nil
        }
        return template
    }

    /// - Parameter context: with the secrets.
    /// - Throws: `bad-webhook-secret`, `missing-value`, `invalid-url`.
    func target(_ context: JQValue, hiding redaction: Redaction) throws(WebhookTargetError) -> WebhookTarget {
        var keys: [WebhookSecret] = []
        do throws(Failure) {
            for template in secrets {
                guard let text = try template.text(context), let key = WebhookSecret(text) else {
                    throw Failure(.permanent, code: "bad-webhook-secret", message: "\(template.field) is not \(WebhookSecret.rule)")
                }
                keys.append(key)
            }
            return try Self.target(try url.text(context) ?? "", keys, redaction)
        } catch {
            throw WebhookTargetError(code: error.code, message: error.message)
        }
    }

    private static func target(_ url: String, _ keys: [WebhookSecret], _ redaction: Redaction) throws(Failure) -> WebhookTarget {
        do throws(WebhookTargetError) {
            return try WebhookTarget(url: url, secrets: keys, hiding: redaction)
        } catch {
            throw Failure(.permanent, code: error.code, message: error.message)
        }
    }
}

extension ProviderClient {
    /// Where messages about ended jobs go, with the present secrets.
    /// - Throws: `no-endpoint` if the file has no `webhook`, `missing-secret`, `bad-webhook-secret`. Later attempts may succeed: the file or
    ///   its secrets may change.
    public func webhookTarget() throws(WebhookTargetError) -> WebhookTarget {
        guard let webhook = plan.webhook else {
            throw WebhookTargetError(code: "no-endpoint", message: "the provider file has no webhook any more")
        }
        if let refusal = webhookSecrets.refusal { throw WebhookTargetError(code: refusal.code, message: refusal.message) }
        return try webhook.target(JQValue(object: [("secrets", webhookSecrets.object)]), hiding: webhookSecrets.redaction)
    }
}
