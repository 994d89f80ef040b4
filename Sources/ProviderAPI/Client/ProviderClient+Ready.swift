import ExportCore
import HTTPClient
import JQ

/// The answer that makes an export ready.
extension ProviderClient {
    /// The handle with what the ready answer adds.
    /// - Parameter missing: why the export is only partial.
    func readyHandle(
        _ check: PendingCheck, _ step: StatusPlan, _ answer: ProviderResponse, _ context: JQValue, missing: String?
    ) throws(Failure) -> (handle: String, sources: JSONSources) {
        let sources = check.sources(answer)
        let handle = try step.export?.handle(context, sources) ?? check.exportHandle
        guard let missing else { return (handle, sources) }
        var noted = ExportHandle(handle)
        noted.partial = String(missing.prefix(500))
        return (noted.text, sources)
    }

    func ready(_ check: PendingCheck, _ answer: ProviderResponse, _ sources: JSONSources, _ handle: String) -> CheckOutcome {
        .ready(exportHandle: handle == check.asked ? nil : handle, page: page(check, answer, sources, handle))
    }

    /// How long ago the export became ready, by the clock of the answer's `Date` if it has one. It is measured only, so what cannot be read is
    /// left out.
    func lag(_ step: StatusPlan, _ outcome: CheckOutcome, _ answer: ProviderResponse, _ context: JQValue) -> Duration? {
        guard case .ready = outcome, let filter = step.readyAt else { return nil }
        let value = (try? filter.first(context)) ?? .null
        let clock = answer.headers["date"].flatMap { HTTPDate.seconds($0, now: now()) } ?? now()
        // A smaller number is no time since 1970.
        guard value.number ?? .infinity > 1e9, let left = WaitRule.secondsLeft(value, now: clock), left.isFinite, abs(left) < 1e9 else {
            noteOnce(about: "status.readyAt", "status.readyAt gives no time and is ignored: \(value.json)")
            return nil
        }
        return .seconds(max(-left, 0))
    }

    /// The files that the answer itself lists; `nil` if it lists none although it should: the listing then asks again, and says why if it
    /// must.
    private func page(_ check: PendingCheck, _ answer: ProviderResponse, _ sources: JSONSources, _ handle: String) -> ListedPage? {
        guard plan.listsReadyAnswer else { return nil }
        let step = plan.files
        do throws(Failure) {
            let context = contexts.context(step.parts, try context(step.parts, check.job, handle), answer: answer)
            let page = try listed(
                answer, context, sources, usesPage: plan.status.request.parts.contains(.page), after: nil,
                isReady: true)
            return page.files.isEmpty && definition.emptyList != .ok ? nil : page
        } catch {
            return nil
        }
    }

    /// Reads only the head of an answer that is a file; other answers are read whole.
    func head(_ request: HTTPRequest) async -> Result<HTTPResponse, HTTPError> {
        do throws(HTTPError) {
            let stream = try await open(request)
            let isAnswer = !(200...299).contains(stream.status) || MediaType(stream.headers)?.isJSON == true
            var body: [UInt8] = []
            if isAnswer {
                let peeked = try await stream.peek(atMost: Self.longestPeek)
                if peeked.isWhole { body = peeked.start }
            }
            stream.cancel()
            return .success(HTTPResponse(status: stream.status, headers: stream.headers, body: body, url: stream.url))
        } catch {
            return .failure(error)
        }
    }

    /// The most of a body that is read to find out whether it is a file.
    static let longestPeek = 64 << 10
}
