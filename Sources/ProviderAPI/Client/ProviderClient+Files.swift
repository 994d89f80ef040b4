import ExportCore
import HTTPClient
import JQ

extension ProviderClient {
    /// Whether the list depends on the job itself: a wake does not carry all of it.
    public var listingReadsJob: Bool {
        let request = plan.files.request ?? plan.status.request
        return request.parts.union(plan.files.parts).union(plan.credentials.parts).union(plan.base.parts).contains(.job)
    }

    /// Lists the files of a ready export, one page per call.
    /// - Parameter page: `nil` for the first page, then the `next` of the previous page. A page can be requested again to get
    ///   fresh links.
    public func files(_ job: JobContext, exportHandle: String, page: String? = nil) async -> FilesOutcome {
        let step = plan.files
        let request = step.request ?? plan.status.request
        do throws(Failure) {
            var link: String?
            var value: JQValue?
            if let page {
                switch try PageToken(page) {
                case .url(let url): link = url
                case .value(let pageValue): value = pageValue
                }
            }
            let context = try context(request.parts.union(step.parts), job, exportHandle, page: value)
            let answer = try await send(request, context, link: link, bodyUse: step.bodyUse)
            let answered = contexts.context(step.parts, context, answer: answer)
            return try judging { () throws(Failure) in
                if let failure = try failure(answer, step.error, answered, "files at") { return .failure(secrets.redacted(failure)) }
                let files = try ListedFile.files(try step.items.all(answered), base: answer.url)
                let next = try PageToken(
                    next: try step.next?.first(answered), usesPage: request.parts.contains(.page), answeredBy: answer.url)?.text
                guard next == nil || next != page else {
                    throw Failure(.permanent, code: "paging-loop", message: "files.next leads back to the same page; check the filter")
                }
                return .page(files: files, next: next)
            }
        } catch {
            return .failure(secrets.redacted(error))
        }
    }

    /// Starts a download. The body is returned as served. Redirects are followed; credentials are sent only to their origin.
    /// - Parameter url: the URL of a `ListedFile`.
    /// - Throws: a classified failure. If links can be refreshed (`definition.refreshesLinks`), a link that was refused without
    ///   credentials is `gone` with the code `link-expired`: list the page again.
    public func download(url: String, _ job: JobContext, exportHandle: String) async throws(Failure) -> HTTPStream {
        do throws(Failure) {
            return try await openDownload(url, job, exportHandle)
        } catch {
            throw secrets.redacted(error)
        }
    }

    private func openDownload(_ url: String, _ job: JobContext, _ exportHandle: String) async throws(Failure) -> HTTPStream {
        let parts = plan.downloadHeaders.reduce(into: ContextParts()) { $0.formUnion($1.value.parts) }
        let context = try context(parts, job, exportHandle)
        let isOwn = WebURL.origin(url) == WebURL.origin(try base(context))
        let isTrusted = definition.download.auth ?? isOwn
        var headers = isTrusted ? try plan.credentials.headers(context) : []
        for header in plan.downloadHeaders where isTrusted || !header.value.usesSecrets {
            if let value = try header.value.text(context) { headers.append((header.name, value)) }
        }
        let request = HTTPRequest(
            .get, url, headers: headers, timeouts: timeouts(whole: nil), redirects: .follow(max: 5), egress: egress,
            sensitiveHeaders: headers.map(\.name))
        let stream: HTTPStream
        do throws(HTTPError) { stream = try await http.stream(request) } catch { throw Failure(error) }
        guard (200...299).contains(stream.status) else {
            stream.cancel()
            throw refused(stream, url, hadCredentials: isTrusted && !headers.isEmpty)
        }
        return stream
    }

    private func refused(_ stream: HTTPStream, _ url: String, hadCredentials: Bool) -> Failure {
        let answer = HTTPResponse(status: stream.status, headers: stream.headers)
        // Object stores answer 403, and some answer 400, if a signature has expired.
        if definition.refreshesLinks, !hadCredentials, [400, 401, 403, 404, 410].contains(answer.status) {
            return Failure(.gone, code: "link-expired", message: "the download of \(WebURL.shown(url)) answered \(answer.status)")
        }
        return Failure.http(
            status: answer.status, retryAfter: answer.headers.retryAfter(now: now()), what: "the download of \(WebURL.shown(url))")
    }
}
