import ExportCore
import HTTPClient
import JQ

extension ProviderClient {
    /// The value that a step's filters read before the response arrives.
    func context(_ parts: ContextParts, _ job: JobContext, _ handle: String? = nil, page: JQValue? = nil) throws(Failure) -> JQValue {
        let parts = parts.union(plan.credentials.parts).union(plan.base.parts)
        return try contexts.context(parts, job, exportHandle: handle, page: page, secrets: secrets.object)
    }

    /// Sends the request of a step and reads the response, whatever its status.
    /// - Parameter link: a URL from a response; if set, it is requested with GET instead of the template's URL.
    func send(
        _ template: RequestTemplate, _ context: JQValue, link: String? = nil, bodyUse: FilesPlan.BodyUse = .read
    ) async throws(Failure) -> ProviderResponse {
        let request = try request(template, context, link: link)
        do {
            switch bodyUse {
            case .read: return try ProviderResponse(try await http.send(request), url: request.url)
            case .ignore:
                let stream = try await http.stream(request)
                stream.cancel()
                return try ProviderResponse(HTTPResponse(status: stream.status, headers: stream.headers), url: request.url)
            }
        } catch let error as HTTPError {
            throw Failure(error)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.transient, code: "other", message: "\(error)")
        }
    }

    func request(_ template: RequestTemplate, _ context: JQValue, link: String? = nil) throws(Failure) -> HTTPRequest {
        let base = try base(context)
        var url = link ?? ""
        if link == nil { url = try template.url(context, base: base) }
        // Hosts written in the provider file are trusted. For a URL from a response, credentials go only to the origin of the base URL.
        let isTrusted = link == nil && template.line.isWrittenHost || WebURL.origin(url) == WebURL.origin(base)
        var headers = isTrusted ? try plan.credentials.headers(context) : []
        var sensitive = headers.map(\.name)
        for header in template.headers where isTrusted || !header.value.usesSecrets {
            guard let value = try header.value.text(context) else { continue }
            headers.append((header.name, value))
            if header.value.usesSecrets { sensitive.append(header.name) }
        }
        if !template.hasHeader("accept") { headers.append(("Accept", "application/json")) }
        var body = HTTPRequestBody.none
        if link == nil, let content = try template.content(context) {
            body = .bytes(content.bytes)
            if !template.hasHeader("content-type") { headers.append(("Content-Type", content.type)) }
        }
        return HTTPRequest(
            link == nil ? template.line.method : .get, url, headers: headers, body: body,
            timeouts: timeouts(whole: definition.timeouts.whole), maxBodyBytes: definition.limits.answerBytes, egress: egress,
            acceptsCompression: true, sensitiveHeaders: sensitive)
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
    /// Whether the host comes from the provider file and not from a response.
    var isWrittenHost: Bool {
        if case .reference = target { return false }
        return true
    }
}
