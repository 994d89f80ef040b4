import CCurl
import EventThread
import TraceContext

/// The path of a transfer: `start` → (by a proxy: `vet`) → (queue) → `begin` → `ended` → (redirect: `admit` again) → `finish`.
extension HTTPClient {
    func start(_ id: UInt64, _ request: HTTPRequest, _ caller: Transfer.Caller) {
        let transfer = Transfer(id, request, origin: RequestURL.origin(request.url) ?? "", caller: caller, configuration)
        transfers[id] = transfer
        if Traces.areOn { trace(transfer) }
        running += 1
        if isShutDown { return fail(transfer, .shutDown, "the client is shut down") }
        guard !transfer.origin.isEmpty else { return fail(transfer, .invalidRequest, "the URL is not an http or https URL") }
        if let problem = RequestCheck.problem(in: request) { return fail(transfer, .invalidRequest, problem) }
        watchDeadlines()
        admit(transfer)
    }

    private func admit(_ transfer: Transfer) { if vet(transfer) { enqueue(transfer) } }

    func enqueue(_ transfer: Transfer) {
        guard slots.waiting < configuration.maxQueued else {
            return fail(transfer, .overloaded, "\(slots.waiting) requests already wait for a connection")
        }
        if slots.acquire(transfer.id, host: transfer.origin) { begin(transfer) }
    }

    /// Starts a transfer that holds a connection of its host.
    private func begin(_ transfer: Transfer) {
        transfer.phase = .connecting
        transfer.lastProgress = Monotonic.now
        guard let multi = openMulti(), let handle = multi.takeHandle() else {
            return fail(transfer, .other, "libcurl cannot create a handle")
        }
        handle.transfer = transfer
        transfer.handle = handle
        let code = handle.prepare(for: transfer)
        guard code == CURLE_OK else { return fail(transfer, .other, handle.description(of: code)) }
        let added = multi.add(handle)
        guard added == CURLM_OK else { return fail(transfer, .other, String(cString: curl_multi_strerror(added))) }
        if case .stream(_, let next) = transfer.request.body { pump(next, of: transfer) }
    }

    /// Called when libcurl has finished the transfer.
    func ended(_ handle: EasyHandle, _ code: CURLcode) {
        guard let transfer = handle.transfer else { return }
        if let failure = transfer.failure { return finish(transfer, .failure(failure)) }
        if transfer.isHeadComplete, transfer.isRedirect { return follow(transfer) }
        if code == CURLE_OK { return finish(transfer, .success(())) }
        if let refusal = transfer.refusal { return finish(transfer, .failure(refusal)) }
        let kind = HTTPError.Kind(code, responseBegan: transfer.phase == .receiving)
        fail(transfer, kind, handle.description(of: code))
    }

    private func follow(_ transfer: Transfer) {
        guard transfer.redirectsLeft > 0 else { return fail(transfer, .redirect, "too many redirects") }
        guard let location = transfer.headers["location"], let url = RequestURL.resolve(location, against: transfer.request.url) else {
            return fail(transfer, .redirect, "its Location is not a valid URL")
        }
        do throws(Redirect.Refusal) {
            let redirect = try Redirect(of: transfer.request, from: transfer.origin, status: transfer.status, to: url)
            detach(transfer)
            transfer.begin(redirect.request, origin: redirect.origin)
            if redirect.leavesOrigin { transfer.clientCertificate = nil }
            admit(transfer)
        } catch {
            fail(transfer, .redirect, "to \(RequestURL.redacted(url)): \(error.reason)")
        }
    }

    func fail(_ transfer: Transfer, _ kind: HTTPError.Kind, _ cause: String) {
        finish(transfer, .failure(transfer.error(kind, cause)))
    }

    /// Ends the transfer with any outcome; no effect if it has already ended.
    func finish(_ transfer: Transfer, _ outcome: Result<Void, HTTPError>) {
        guard transfer.phase != .finished else { return }
        let heldConnection = transfer.phase != .queued
        // Set first: the next transfers start inside this call, and one that fails calls back.
        transfer.phase = .finished
        detach(transfer, heldConnection: heldConnection)
        transfer.outcome = outcome
        running -= 1
        record(transfer, outcome)
        if case .send(let then) = transfer.caller {
            transfers[transfer.id] = nil
            transfer.caller = .answered
            then(outcome.map { transfer.response })
        } else {
            deliver(transfer)
        }
        guard running == 0 else { return }
        stopWatchingDeadlines()
        if isShutDown { drained() }
    }

    /// Removes the transfer from libcurl, which closes the connection unless the response is complete, and starts the next one.
    private func detach(_ transfer: Transfer, heldConnection: Bool = true) {
        transfer.upload?.cancel()
        if let handle = transfer.handle, let multi = openMulti() {
            multi.remove(handle)
            handle.clear()
            transfer.handle = nil
            multi.put(back: handle)
        }
        guard heldConnection else { return }
        let next = slots.release(host: transfer.origin) { transfers[$0]?.phase == .queued }
        for id in next {
            if let transfer = transfers[id] { begin(transfer) }
        }
    }

    private func record(_ transfer: Transfer, _ outcome: Result<Void, HTTPError>) {
        let nanoseconds = Monotonic.now - transfer.begun
        // The current context gives the histogram its exemplar.
        Traces.within(transfer.span?.context) {
            switch outcome {
            case .success: metrics.ended(status: transfer.status, nanoseconds: nanoseconds)
            case .failure(let error): metrics.failed(error.kind, nanoseconds: nanoseconds)
            }
        }
        guard let span = transfer.span else { return }
        switch outcome {
        case .success: span.end(status: transfer.status, receivedBytes: transfer.receivedBytes)
        case .failure(let error): span.end(error)
        }
    }

    /// Starts the span of a transfer that belongs to one, and says in a header which trace it is in. A header of the caller stays.
    private func trace(_ transfer: Transfer) {
        guard let trace = transfer.request.trace ?? RequestTrace(current: transfer.request) else { return }
        transfer.span = RequestSpan(transfer.request, trace)
        guard configuration.propagatesTraces, !transfer.request.headers.contains(where: { $0.name.equalsIgnoringCase("traceparent") })
        else {
            return
        }
        transfer.request.headers.append(("traceparent", (transfer.span?.context ?? trace.parent).traceparent))
    }
}
