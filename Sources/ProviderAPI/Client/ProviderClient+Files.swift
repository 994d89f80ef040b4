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
            let context = try context(request.parts.union(step.parts), job, exportHandle, page: value)
            var sources = JSONSources(parameters: job.request.parameters, handle: exportHandle, page: page)
            let answer = try await send(request, context, sources, link: link, bodyUse: step.bodyUse)
            sources.answer = answer.bytes
            received = answer
            let asked = sources
            let answered = contexts.context(step.parts, context, answer: answer)
            return try judging(answer, "files at") { () throws(Failure) in
                let page = try listed(answer, answered, asked, usesPage: request.parts.contains(.page), after: page)
                return .page(files: page.files, next: page.next)
            }
        } catch {
            return .failure(reported(error, received))
        }
    }

    /// The files that the answer lists.
    /// - Parameter page: the token of the page that was asked for.
    /// - Throws: the failure that the answer is or reports, `nothing-listed`, `invalid-file-list`, `paging-loop`, `filter-failed`.
    func listed(
        _ answer: ProviderResponse, _ context: JQValue, _ sources: JSONSources, usesPage: Bool, after page: String?
    ) throws(Failure) -> ListedPage {
        let step = plan.files
        if let failure = try verdict(answer, step.reading, context, "files at").failure { throw failure }
        if step.bodyUse == .read { try requireReadable(answer, step.parts, "files at") }
        let outputs = try step.items.all(context)
        try requireList(outputs, answer, "files at")
        let files = try ListedFile.files(outputs, base: answer.url, secrets)
        let next = try PageToken(next: try step.next?.first(context), usesPage: usesPage, answeredBy: answer.url, secrets)?.text(
            sources.integers(of: step.next?.parts ?? []))
        guard next == nil || next != page else {
            throw Failure(.permanent, code: "paging-loop", message: "files.next leads back to the same page; check the filter")
        }
        return ListedPage(files: files, next: next)
    }
}
