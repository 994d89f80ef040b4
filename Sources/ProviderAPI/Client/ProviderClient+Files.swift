import ExportCore
import HTTPClient
import JQ

extension ProviderClient {
    /// Whether the list depends on the job itself: a wake does not carry all of it.
    public var listingReadsJob: Bool {
        let request = plan.files.request ?? plan.status.request
        return request.parts.union(plan.files.parts).union(plan.files.data?.nameParts ?? []).union(plan.credentials.parts).union(
            plan.base.parts
        ).contains(.job)
    }

    /// Lists the files of a ready export, one page per call.
    /// - Parameter page: `nil` for the first page, then the `next` of the previous page. A page can be requested again to get
    ///   fresh links.
    public func files(_ job: JobContext, exportHandle: String, page: String? = nil) async -> FilesOutcome {
        let step = plan.files
        let request = step.request ?? plan.status.request
        var received: ProviderResponse?
        do throws(Failure) {
            var link: String?
            var value: JQValue?
            if let page {
                switch try PageToken(page) {
                case .url(let url): link = url
                case .value(let pageValue): value = pageValue
                }
            }
            // Without an own request, the state says whether the answer lists the files.
            let read = step.request == nil ? step.parts.union(plan.status.state.parts) : step.parts
            var sources = JSONSources(parameters: job.request.parameters, handle: exportHandle, page: page)
            let (answer, context) = try await exchange(
                .list, request, step.reading, read, job, handle: exportHandle, page: value, sources, link: link, bodyUse: step.bodyUse)
            sources.answer = answer.json
            received = answer
            let asked = sources
            let answered = contexts.context(read, context, answer: answer)
            return try judging(answer, "files at") { () throws(Failure) in
                let isReady = step.request == nil && saysReady(answer, answered)
                let page = try listed(answer, answered, asked, usesPage: request.parts.contains(.page), after: page, isReady: isReady)
                return .page(files: page.files, next: page.next)
            }
        } catch {
            return .failure(reported(error, received))
        }
    }

    /// The files that the answer lists.
    /// - Parameter page: the token of the page that was asked for.
    /// - Parameter isReady: whether the answer is a status answer that made the export ready.
    /// - Throws: the failure that the answer is or reports, `not-ready`, `nothing-listed`, `invalid-file-list`, `paging-loop`, `filter-failed`.
    func listed(
        _ answer: ProviderResponse, _ context: JQValue, _ sources: JSONSources, usesPage: Bool, after page: String?,
        isReady: Bool = false
    ) throws(Failure) -> ListedPage {
        let step = plan.files
        switch try verdict(answer, step.reading, context, "files at") {
        case .ruled(let failure): throw failure
        case .byStatus(let failure): if !isReady { throw failure }
        case .success where answer.status == 202 && !isReady:
            throw Failure(
                .notYet, code: "not-ready", message: "files at \(secrets.shown(url: answer.url)) answered 202: the list is not there yet",
                retryAfter: wait(answer, step.reading.wait, context))
        case .success where answer.status == 204: return ListedPage(files: [], next: nil)
        case .success, .ok: break
        }
        if step.isAnswerItself { return ListedPage(files: [ListedFile(itself: answer)], next: nil) }
        if step.bodyUse == .read { try requireReadable(answer, step.parts, "files at") }
        let outputs = try step.items.all(context)
        try requireList(outputs, answer, "files at")
        // Links may repeat the parameters that authenticate: where these are sent again, they are not stored. Another host may have a
        // parameter of that name for itself.
        let own = (try? base(context)).flatMap { WebURL.origin($0) }
        let links = DownloadLinks(followS3: plan.download.s3 != nil, needNoURL: plan.download.request != nil)
        let files = try ListedFile.files(outputs, base: answer.url, links, secrets).map { file in
            guard definition.download.auth != false, own != nil, WebURL.origin(file.url) == own else { return file }
            var file = file
            file.url = plan.credentials.unsigned(file.url)
            return file
        }
        return ListedPage(files: files, next: try token(answer, context, sources, usesPage: usesPage, after: page))
    }

    /// The token of the page that follows; `nil` after the last.
    func token(
        _ answer: ProviderResponse, _ context: JQValue, _ sources: JSONSources, usesPage: Bool, after page: String?
    ) throws(Failure) -> String? {
        let step = plan.files
        let own = (try? base(context)).flatMap { WebURL.origin($0) }
        let token = try PageToken(
            next: try step.next?.first(context), usesPage: usesPage, answeredBy: answer.url, secrets)
        let next = token?.unsigned(plan.credentials, at: own).text(sources.integers(of: step.next?.parts ?? []))
        guard next == nil || next != page else {
            throw Failure(.permanent, code: "paging-loop", message: "files.next leads back to the same page; check the filter")
        }
        return next
    }

    /// Whether a status answer makes the export ready although its HTTP code alone would not.
    private func saysReady(_ answer: ProviderResponse, _ context: JQValue) -> Bool {
        let step = plan.status
        guard answer.status == 202 || !answer.isSuccess && step.readsHTTPStatus else { return false }
        // A filter that fails for this answer recognises no state.
        return (try? step.state.first(context)?.text).flatMap { step.words[$0] } == .ready
    }
}
