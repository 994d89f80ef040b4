import ExportCore
import HTTPClient
import JQ

extension ProviderClient {
    /// The value that a step's filters run over, before there is an answer.
    func context(_ parts: ContextParts, _ job: JobContext, _ handle: String? = nil, page: JQValue? = nil) throws(Failure) -> JQValue {
        let parts = parts.union(plan.credentials.parts).union(plan.base.parts)
        return try contexts.context(parts, job, exportHandle: handle, page: page, secrets: secrets.object)
    }

    /// Sends the request of a step and reads the answer, whatever its status.
    /// - Parameter link: a URL out of an answer to get instead of what the template says.
    func send(
        _ template: RequestTemplate, _ context: JQValue, link: String? = nil, bodyUse: FilesStep.BodyUse = .read
    ) async throws(Failure) -> Answer {
        let request = try request(template, context, link: link)
        do {
            switch bodyUse {
            case .read: return try Answer(try await http.send(request), url: request.url)
            case .ignore:
                let stream = try await http.stream(request)
                stream.cancel()
                return try Answer(HTTPResponse(status: stream.status, headers: stream.headers), url: request.url)
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
        // The file vouches for the hosts that it writes; where an answer leads to, credentials stay within the origin.
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

    /// Without a slash at its end.
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
    /// Whether the file, and not an answer, says which host is asked.
    var isWrittenHost: Bool {
        if case .reference = target { return false }
        return true
    }
}
