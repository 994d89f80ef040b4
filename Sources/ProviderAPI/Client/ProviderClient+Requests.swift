import ExportCore
import HTTPClient
import JQ
import TraceContext

extension ProviderClient {
    /// The value that a step's filters read before the response arrives.
    /// - Throws: `missing-secret`, unauthorised: without all secrets no request that uses one is sent. `invalid-parameters`,
    ///   `invalid-handle`.
    func context(_ parts: ContextParts, _ job: JobContext, _ handle: String? = nil, page: JQValue? = nil) throws(Failure) -> JQValue {
        let parts = parts.union(plan.credentials.parts).union(plan.base.parts).union(plan.tls?.parts ?? []).union(plan.proxy?.parts ?? [])
        let account = try account(of: job)
        if parts.contains(.secrets) { try account.requireSecrets() }
        return try contexts.context(
            parts, job, exportHandle: handle, page: page, secrets: account.secrets.object, session: account.session?.values,
            callback: parts.contains(.callback) ? try callbackURL(of: job) : nil)
    }

    /// - Throws: `missing-secret`, unauthorised, as a missing secret does: the job waits until the settings are there.
    private func callbackURL(of job: JobContext) throws(Failure) -> String {
        guard let callbacks else {
            throw Failure(
                .unauthorised, code: "missing-secret",
                message: "the request has .callback.url: set LONGHAUL_CALLBACK_URL and LONGHAUL_CALLBACK_SECRET, and run longhaul callbacks"
            )
        }
        return callbacks.url(of: job.request.id)
    }

    /// Sends the request of a step with a valid session, if it needs one. If the session is refused, once more with the next one: a request
    /// that was answered 401 was not carried out.
    /// - Parameters:
    ///   - reading: how the errors of its answers are read.
    ///   - parts: what the filters over the answer read besides.
    /// - Returns: the answer, and the context that it was asked with.
    func exchange(
        _ kind: RequestKind, _ template: RequestTemplate, _ reading: AnswerReading, _ parts: ContextParts, _ job: JobContext,
        handle: String? = nil, page: JQValue? = nil, _ sources: JSONSources, link: String? = nil, bodyUse: FilesPlan.BodyUse = .read
    ) async throws(Failure) -> (answer: ProviderResponse, context: JQValue) {
        let parts = template.parts.union(parts)
        let plan = sessionPlan(of: template)
        let account = try usableAccount(of: job)
        if let plan { try await signIn(plan, account) }
        let used = account.session?.id, token = try token(for: self.plan.credentials(of: template), job)
        var context = try context(parts, job, handle, page: page)
        var answer = try await send(kind, template, context, sources, link: link, bodyUse: bodyUse, token: token)
        if let plan, let used, refusesSession(answer, reading, context) {
            try await signIn(plan, account, after: used)
            context = try self.context(parts, job, handle, page: page)
            answer = try await send(kind, template, context, sources, link: link, bodyUse: bodyUse)
        }
        answer.account = account
        return (answer, context)
    }

    /// Sends the request of a step and reads the response, whatever its status.
    /// - Parameters:
    ///   - kind: what its budget is counted for; `nil`: for nothing.
    ///   - link: a URL from a response; if set, it is requested with GET instead of the template's URL.
    ///   - token: that it uses, if the provider has several.
    ///   - isSecret: whether the answer holds secrets that are not known yet.
    func send(
        _ kind: RequestKind?, _ template: RequestTemplate, _ context: JQValue, _ sources: JSONSources, link: String? = nil,
        bodyUse: FilesPlan.BodyUse = .read, isSecret: Bool = false, token: UsedToken? = nil
    ) async throws(Failure) -> ProviderResponse {
        let request = try request(template, context, sources, link: link, token: token)
        let begun = ContinuousClock.now
        let response: HTTPResponse
        do throws(HTTPError) {
            switch bodyUse {
            case .read: response = try await fetch(request, isSecret: isSecret)
            case .ignore: response = try await head(request).get()
            }
        } catch {
            throw Failure(error)
        }
        var answer = ProviderResponse(response, to: request, as: template.answer, credentials: plan.credentials(of: template))
        answer.token = token
        if let kind { noteBudget(kind, answer.headers, token) }
        trace(answer, took: .now - begun, isSecret: isSecret)
        return answer
    }

    func request(
        _ template: RequestTemplate, _ context: JQValue, _ sources: JSONSources, link: String? = nil, token: UsedToken?
    ) throws(Failure) -> HTTPRequest {
        // A URL that is written out needs no base, which may depend on the job.
        let isWritten = link == nil && template.line.isAbsolute
        let base = isWritten ? "" : try base(context)
        var url = link ?? ""
        if link == nil { url = try template.url(context, sources, base: base) }
        // Hosts written in the provider file are trusted. For a URL from a response, credentials go only to the origin of the base URL.
        let isTrusted = isWritten || link == nil && template.line.isWrittenHost || WebURL.origin(url) == WebURL.origin(base)
        let credentials = token?.credentials ?? plan.credentials(of: template)
        var headers = isTrusted ? try credentials.headers(context) : []
        var sensitive = headers.map(\.name)
        for header in template.headers where isTrusted || !header.value.usesSecrets {
            guard let value = try header.value.text(context, sources) else { continue }
            headers.append((header.name, value))
            if header.value.usesSecrets { sensitive.append(header.name) }
        }
        if !template.hasHeader("accept") { headers.append(("Accept", template.answer.accepted)) }
        var body = HTTPRequestBody.none
        if link == nil, let content = try template.body.content(context, sources) {
            body = .bytes(content.bytes)
            if !template.hasHeader("content-type") { headers.append(("Content-Type", content.type)) }
        }
        var request = HTTPRequest(
            link == nil ? template.line.method : .get, isTrusted ? try credentials.signed(url, context) : url, headers: headers, body: body,
            timeouts: timeouts(whole: definition.timeouts.whole),
            redirects: redirects(template, isGet: link != nil || template.line.method == .get || template.line.method == .head),
            maxBodyBytes: definition.limits.answerBytes, egress: egress,
            acceptsCompression: true, clientCertificate: isTrusted ? try plan.tls?.certificate(context) : nil,
            proxy: try plan.proxy?.rules(context),
            sensitiveHeaders: sensitive)
        if isTrusted, credentials.isSignature { request = try credentials.signed(request, context, now: now()) }
        request.trace = requestTrace(url)
        trace(request)
        return request
    }

    /// The span that a request belongs to, for which the URL has no secrets, not in its path either.
    func requestTrace(_ url: String) -> RequestTrace? {
        Traces.current.map { RequestTrace(below: $0, shownURL: secrets.shown(url: url)) }
    }

    /// A GET becomes what its redirect says; another method must not become a GET.
    private func redirects(_ template: RequestTemplate, isGet: Bool) -> HTTPRedirects {
        switch template.redirects {
        case .never: .refuse
        case .follow: isGet ? .follow(max: 5) : .followKeepingMethod(max: 5)
        }
    }

    /// The kind of export by `polling.key`; `nil` if the provider file has no key. It only groups durations: if the filter fails
    /// for these parameters, the job joins the jobs without a kind.
    public func pollingKey(_ job: JobContext) -> String? {
        guard let key = plan.pollingKey, let account = try? account(of: job),
            let context = try? contexts.context(key.parts, job, exportHandle: nil, page: nil, secrets: account.secrets.object),
            let value = try? key.first(context), !value.isNull
        else { return nil }
        return String(secrets.redacted(value.text).prefix(200))
    }

    /// The base URL without a trailing slash.
    func base(_ context: JQValue) throws(Failure) -> String {
        if let literal = plan.base.literal { return literal }
        return try plan.base.urlText(context)
    }

    func timeouts(whole: Duration?) -> HTTPTimeouts {
        let timeouts = definition.timeouts
        return HTTPTimeouts(connect: timeouts.connect, firstByte: timeouts.firstByte, stall: timeouts.stall, whole: whole)
    }
}

extension RequestLine {
    var isAbsolute: Bool { if case .url = target { true } else { false } }

    /// Whether the host comes from the provider file and not from a response.
    var isWrittenHost: Bool {
        if case .reference = target { return false }
        return true
    }
}
