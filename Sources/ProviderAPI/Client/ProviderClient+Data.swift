import ExportCore
import HTTPClient
import JQ

/// Exports whose answers hold the data itself, `files.data`.
extension ProviderClient {
    /// The one file that the pages of an export become. Nothing is asked for it.
    public func dataFile(_ job: JobContext, exportHandle: String) async throws(Failure) -> ListedFile {
        guard let data = plan.files.data else { throw Self.holdsNoData }
        let request = plan.files.request ?? plan.status.request
        do throws(Failure) {
            let context = try context(data.nameParts.union(request.line.template.parts), job, exportHandle)
            let name = try data.name?.text(context) ?? "data.\(data.rules.form.suffix)"
            let base = request.line.isAbsolute ? "" : try base(context)
            let url = try request.line.url(context, base: base)
            return ListedFile(name: name, url: secrets.shown(url: url))
        } catch {
            throw reported(error)
        }
    }

    private static let holdsNoData = Failure(.permanent, code: "no-data", message: "the provider file has no files.data")

    /// The page at the cursor.
    /// - Throws: the failure that the answer is or reports; `unexpected-answer`, `paging-loop`, `unexpected-columns`.
    public func dataPage(_ job: JobContext, exportHandle: String, at cursor: DataCursor) async throws(Failure) -> DataPage {
        guard let data = plan.files.data else { throw Self.holdsNoData }
        do throws(Failure) {
            let ask = try DataRequest(cursor, plan.files.request ?? plan.status.request)
            return data.rules.isBody
                ? try await bodyPage(ask, job, exportHandle, cursor) : try await filteredPage(ask, data, job, exportHandle, cursor)
        } catch {
            throw reported(error)
        }
    }

    /// What a page is asked for with.
    private struct DataRequest {
        let template: RequestTemplate
        /// In place of the template's URL.
        var link: String?
        var page: JQValue?

        var usesPage: Bool { template.parts.contains(.page) }

        init(_ cursor: DataCursor, _ template: RequestTemplate) throws(Failure) {
            self.template = template
            guard let token = cursor.token else { return }
            switch try PageToken(token) {
            case .url(let url): link = url
            case .value(let value): page = value
            }
        }
    }

    private func filteredPage(
        _ ask: DataRequest, _ data: DataPlan, _ job: JobContext, _ handle: String, _ cursor: DataCursor
    ) async throws(Failure) -> DataPage {
        guard case .filter(let filter) = data.source else { throw Self.holdsNoData }
        let step = plan.files
        var sources = JSONSources(parameters: job.request.parameters, handle: handle, page: cursor.token)
        let (answer, context) = try await exchange(
            .list, ask.template, step.reading, step.parts, job, handle: handle, page: ask.page, sources, link: ask.link)
        sources.answer = answer.json
        let asked = sources
        let answered = contexts.context(step.parts, context, answer: answer)
        do throws(Failure) {
            return try judging(answer, "files at") { () throws(Failure) in
                try requireData(answer, answered)
                if answer.status == 204 { return DataPage(content: .bytes([]), next: DataCursor()) }
                try requireReadable(answer, step.parts, "files at")
                guard let value = try filter.first(answered) else {
                    throw Failure(.transient, code: "unexpected-answer", message: "\(filter.field): the answer holds no data")
                }
                var next = cursor
                next.columns = cursor.columns ?? data.columns
                let text = DataText(form: data.rules.form, field: filter.field, integers: asked.integers(of: filter.parts))
                let bytes = try text.bytes(value, columns: &next.columns)
                next.token = try token(answer, answered, asked, usesPage: ask.usesPage, after: cursor.token)
                let rowsAreLists = value.elements?.first?.elements != nil
                return DataPage(content: .bytes(bytes), next: next, hasHeader: !rowsAreLists)
            }
        } catch {
            throw reported(error, answer)
        }
    }

    /// - Throws: the failure that the answer is, unless it is data.
    private func requireData(_ answer: ProviderResponse, _ context: JQValue) throws(Failure) {
        switch try verdict(answer, plan.files.reading, context, "files at") {
        case .ruled(let failure), .byStatus(let failure): throw failure
        case .success where answer.status == 202 && plan.files.request != nil:
            throw Failure(
                .notYet, code: "not-ready", message: "files at \(secrets.shown(url: answer.url)) answered 202: the data is not there yet",
                retryAfter: wait(answer, plan.files.reading.wait, context))
        case .success, .ok: return
        }
    }

    /// A page that is the answer itself: only its head is read here.
    private func bodyPage(
        _ ask: DataRequest, _ job: JobContext, _ handle: String, _ cursor: DataCursor
    ) async throws(Failure) -> DataPage {
        let session = sessionPlan(of: ask.template), account = try usableAccount(of: job)
        if let session { try await signIn(session, account) }
        let used = account.session?.id
        var isRefused = false
        do throws(Failure) {
            return try await openBody(ask, job, handle, cursor, &isRefused)
        } catch {
            guard let session, isRefused, let used else { throw error }
            try await signIn(session, account, after: used)
        }
        return try await openBody(ask, job, handle, cursor, &isRefused)
    }

    private func openBody(
        _ ask: DataRequest, _ job: JobContext, _ handle: String, _ cursor: DataCursor, _ isRefused: inout Bool
    ) async throws(Failure) -> DataPage {
        let step = plan.files
        let context = try context(ask.template.parts.union(step.parts), job, handle, page: ask.page)
        let sources = JSONSources(parameters: job.request.parameters, handle: handle, page: cursor.token)
        let used = try token(for: plan.credentials(of: ask.template), job)
        var request = try request(ask.template, context, sources, link: ask.link, token: used)
        (request.maxBodyBytes, request.timeouts.whole, request.acceptsCompression) = (nil, nil, false)
        if !ask.template.hasHeader("accept") {
            request.headers.removeAll { $0.name == "Accept" }
            request.headers.append(("Accept", "*/*"))
        }
        if !ask.template.hasHeader("accept-encoding") { request.headers.append(("Accept-Encoding", "identity")) }
        let begun = ContinuousClock.now
        let stream: HTTPStream
        do throws(HTTPError) { stream = try await open(request) } catch { throw Failure(error) }
        trace(stream, took: .now - begun)
        noteBudget(.list, stream.headers, used)
        var received: ProviderResponse?
        do throws(Failure) {
            let isData = (200...299).contains(stream.status)
            var body: [UInt8] = []
            if !isData || step.reading.parts.contains(.body) && MediaType(stream.headers)?.isText == true {
                let peeked = try? await stream.peek(atMost: Self.longestPeek)
                if let peeked, peeked.isWhole || !isData { body = Array(peeked.start.prefix(Self.longestPeek)) }
            }
            let response = HTTPResponse(status: stream.status, headers: stream.headers, body: body, url: stream.url)
            var answer = ProviderResponse(response, to: request, credentials: plan.credentials(of: ask.template))
            (answer.token, answer.account) = (used, try account(of: job))
            received = answer
            isRefused = refusesSession(answer, step.reading, context)
            let answered = contexts.context(step.parts, context, answer: answer)
            try requireData(answer, answered)
            var next = cursor
            next.token = try token(answer, answered, sources, usesPage: ask.usesPage, after: cursor.token)
            return DataPage(content: .body(stream), next: next)
        } catch {
            stream.cancel()
            throw reported(error, received)
        }
    }
}
