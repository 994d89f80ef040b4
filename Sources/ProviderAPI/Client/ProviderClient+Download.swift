import ExportCore
import HTTPClient
import JQ

extension ProviderClient {
    /// Starts a download. The body is returned as served. Redirects are followed; credentials are sent only to their origin.
    /// - Returns: an answer 200 or 203, or 204 if `download.noContent` says that it is an empty file.
    /// - Throws: a classified failure. `not-ready` (202, 204) is of the class `notYet`. If links can be refreshed
    ///   (`definition.refreshesLinks`), a link that was refused without credentials is `gone` with the code `link-expired`: list the
    ///   page again.
    public func download(_ file: DownloadTarget, _ job: JobContext, exportHandle: String) async throws(Failure) -> HTTPStream {
        var isRefused = false
        do throws(Failure) {
            let isCarrying = downloadAccess(to: file, job, exportHandle: exportHandle).withCredentials
            let account = try isCarrying ? usableAccount(of: job) : account(of: job)
            if case .session(let session) = plan.credentials, isCarrying {
                try await signIn(session, account)
                let used = account.session?.id
                do throws(Failure) {
                    return try await openDownload(file, job, exportHandle, &isRefused)
                } catch {
                    guard isRefused, let used else { throw error }
                    try await signIn(session, account, after: used)
                }
            }
            return try await openDownload(file, job, exportHandle, &isRefused)
        } catch {
            throw reported(error)
        }
    }

    /// - Parameter isRefused: set if the answer refuses the session.
    private func openDownload(
        _ file: DownloadTarget, _ job: JobContext, _ exportHandle: String, _ isRefused: inout Bool
    ) async throws(Failure) -> HTTPStream {
        let step = plan.download, token = try token(for: plan.credentials, job), credentials = token?.credentials ?? plan.credentials
        let tlsParts = (plan.tls?.parts ?? []).union(plan.proxy?.parts ?? [])
        let parts = tlsParts.union(step.requestParts).union(step.reading.parts).union(plan.credentials.parts).union(plan.base.parts)
        let account = try account(of: job)
        let context = try contexts.context(
            parts, job, exportHandle: exportHandle, page: nil, secrets: account.secrets.object, session: account.session?.values, file: file
        )
        let sources = JSONSources(parameters: job.request.parameters, handle: exportHandle)
        let own = try ownOrigin(context, account)
        let address = try address(of: file, context, account, sources)
        let withCredentials = address.withCredentials, isSigned = withCredentials && address.s3 == nil
        let withSecrets = address.isOwn || isSigned
        // A presigned URL works without secrets.
        let usesSecrets =
            withCredentials && (address.s3?.parts ?? plan.credentials.parts).contains(.secrets)
            || withSecrets && step.headers.contains { $0.value.usesSecrets } || step.request?.parts.contains(.secrets) == true
        if usesSecrets { try account.requireSecrets() }
        var headers = isSigned ? try credentials.headers(context) : []
        for header in step.headers where withSecrets || !header.value.usesSecrets {
            if let value = try header.value.text(context) { headers.append((header.name, value)) }
        }
        let signed = isSigned ? try credentials.signed(address.url, context) : address.url
        let hadCredentials = usesSecrets || withCredentials && !headers.isEmpty || signed != address.url || address.s3 != nil
        let sensitive = headers.map(\.name)
        if !headers.contains(where: { $0.name.lowercased() == "accept-encoding" }) { headers.append(("Accept-Encoding", "identity")) }
        var body = HTTPRequestBody.none
        if let content = try step.request?.body.content(context, sources) {
            body = .bytes(content.bytes)
            if !headers.contains(where: { $0.name.lowercased() == "content-type" }) { headers.append(("Content-Type", content.type)) }
        }
        let method = step.request?.line.method ?? .get
        var request = HTTPRequest(
            method, signed, headers: headers, body: body, timeouts: timeouts(whole: nil),
            redirects: method == .get ? .follow(max: 5) : .followKeepingMethod(max: 5), egress: egress,
            clientCertificate: address.isOwn ? try plan.tls?.certificate(context) : nil, proxy: try plan.proxy?.rules(context),
            sensitiveHeaders: sensitive)
        if let s3 = address.s3 {
            request = try s3.signed(request, context, now: now())
        } else if isSigned {
            request = try credentials.signed(request, context, now: now())
        }
        request.trace = requestTrace(signed)
        trace(request)
        let begun = ContinuousClock.now
        let stream: HTTPStream
        do throws(HTTPError) { stream = try await open(request) } catch { throw Failure(error) }
        trace(stream, took: .now - begun)
        do throws(Failure) {
            // The budget of a file host is not that of the API.
            if own != nil, own == WebURL.origin(stream.url.isEmpty ? signed : stream.url) {
                noteBudget(.download(host: Self.host(ofOrigin: own)), stream.headers, isSigned ? token : nil)
            }
            try await judge(stream, request, context, hadCredentials: hadCredentials ? account : nil, isSigned ? token : nil, &isRefused)
            return stream
        } catch {
            stream.cancel()
            throw error
        }
    }

    /// - Parameter account: whose credentials the request carried; `nil` if it carried none.
    /// - Throws: the failure that the answer is, unless it is the file.
    private func judge(
        _ stream: HTTPStream, _ request: HTTPRequest, _ context: JQValue, hadCredentials account: Account?, _ token: UsedToken?,
        _ isRefused: inout Bool
    ) async throws(Failure) {
        let step = plan.download
        let mayBeFile = [200, 203].contains(stream.status)
        // A server that forgets to say 206 says so here.
        if mayBeFile, let range = stream.headers["content-range"], !Self.isWhole(range) {
            let what = "the download of \(secrets.shown(url: stream.url.isEmpty ? request.url : stream.url)) answered \(stream.status)"
            throw Failure(.transient, code: "http-206", message: "\(what) with a part of the file, \(range.prefix(60))")
        }
        // Nothing to ask: the usual case.
        if mayBeFile, step.reading.rules.isEmpty { return }
        var body: [UInt8] = []
        if !mayBeFile || step.readsBody && MediaType(stream.headers)?.isText == true {
            // Without its body the answer is judged all the same. The start alone is quoted: an error page that trickles in must not
            // hold the transfer.
            let peeked = try? await stream.peek(atMost: step.readsBody ? Self.longestPeek : 0)
            // A longer success is a file.
            if let peeked, peeked.isWhole || !mayBeFile { body = Array(peeked.start.prefix(Self.longestPeek)) }
        }
        let response = HTTPResponse(status: stream.status, headers: stream.headers, body: body, url: stream.url)
        var answer = ProviderResponse(response, to: request, credentials: plan.credentials)
        (answer.token, answer.account) = (token, account)
        isRefused = refusesSession(answer, step.reading, context)
        do throws(Failure) {
            let answered = contexts.context(step.reading.parts, context, answer: answer)
            try judge(try verdict(answer, step.reading, answered, "the download of"), answer, hadCredentials: account != nil)
        } catch {
            throw reported(error, answer)
        }
    }

    /// Whether a `Content-Range` (RFC 9110, section 14.4) covers all of the file, or cannot be read.
    static func isWhole(_ range: String) -> Bool {
        guard let match = range.wholeMatch(of: /\s*bytes\s+(\d+)-(\d+)\/(\d+|\*)\s*/.ignoresCase()), let last = Int64(match.2) else {
            return true
        }
        return Int64(match.1) == 0 && (match.3 == "*" || Int64(match.3) == last + 1)
    }

    private func judge(_ verdict: Verdict, _ answer: ProviderResponse, hadCredentials: Bool) throws(Failure) {
        let what = "the download of \(secrets.shown(url: answer.url)) answered \(answer.status)"
        switch verdict {
        case .ok: return
        case .ruled(let failure): throw failure
        case .byStatus(let failure):
            // Object stores answer 403, and some answer 400, if a signature has expired.
            guard definition.refreshesLinks, !hadCredentials, [400, 401, 403, 404, 410].contains(answer.status),
                failure.failureClass != .throttled, failure.failureClass != .notYet
            else { throw failure }
            throw Failure(.gone, code: "link-expired", message: what)
        case .success:
            switch answer.status {
            case 200, 203: return
            case 204 where definition.download.noContent == .empty: return
            case 202, 204:
                let retryAfter = retryAfter(answer)
                throw Failure(.notYet, code: "not-ready", message: "\(what): the file is not there yet", retryAfter: retryAfter)
            case 206:
                throw Failure(.transient, code: "http-206", message: "\(what) although the whole file was asked for")
            default:
                throw Failure(.transient, code: "http-\(answer.status)", message: "\(what), which is no file")
            }
        }
    }
}
