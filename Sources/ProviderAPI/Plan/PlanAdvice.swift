import ExportCore

/// What is allowed in a provider file, but is probably not meant.
struct PlanAdvice {
    let plan: ProviderPlan
    let report: ProblemReport
    let root: Section

    /// Adds the advice to the report.
    func give() {
        states()
        intervals()
        if plan.definition.createSafety.isEmpty, !plan.definition.acceptsSecondExport {
            advise(
                root["create"], "a crash during a create may start a second export",
                fix:
                    "add an Idempotency-Key header, adopt or find; or write idempotent: true if the API prevents it, or false if it may happen"
            )
        }
    }

    private func states() {
        let status = plan.status
        // There the HTTP code of an answer says what is not listed.
        guard !status.readsHTTPStatus, let field = root["status"].flatMap(Section.init)?["states"] else { return }
        if !status.words.has(.failed) {
            advise(
                field, "no value means failed: the job of an export that fails ends as unknown-status",
                fix: "list the API's values under failed")
        }
        if !status.words.has(.running), !status.words.has(.queued) {
            advise(
                field, "no value means that the export still runs: it must be ready at its first check",
                fix: "list the API's values under queued and running")
        }
    }

    private func intervals() {
        let polling = plan.definition.polling, limits = plan.definition.limits
        let field = root["polling"]
        let longest: Duration =
            switch polling.policy {
            case .fixed(let interval): interval
            case .tiered(_, let max), .backoff(_, _, let max): max
            // Seldom so long: exports of hours are checked more often near their usual end.
            case .learned(_, _, let max): min(max, PollPolicy.longestTiered)
            }
        if longest > polling.maxWait {
            advise(field, "a job may wait for its next check for longer than maxWait", fix: "raise maxWait, or check more often")
        }
        if case .fixed(let interval) = polling.policy, interval * polling.maxAttempts < polling.maxWait {
            let seconds = (interval * polling.maxAttempts).components.seconds
            advise(
                field, "\(polling.maxAttempts) checks are used up after \(seconds) s, before maxWait",
                fix: "raise maxAttempts, or check less often")
        }
        if let exports = limits.inFlight, let checks = limits.checks {
            let together = Double(plan.definition.batch?.size ?? 1)
            let needed = Double(exports) / together / max(longest / .seconds(1), 0.001)
            guard needed > checks.perSecond else { return }
            let rate = (needed * 100).rounded() / 100
            advise(
                root["limits"],
                "\(exports) exports in flight need \(rate) checks a second, more than limits.checks allows: checks come late",
                fix: "lower inFlight, raise checks, or check less often")
        }
    }

    private func advise(_ field: Field?, _ message: String, fix: String) {
        report.advise((field ?? root.field).node.mark, field?.path ?? "", message, fix: fix)
    }
}
