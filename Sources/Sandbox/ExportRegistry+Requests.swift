extension ExportRegistry {
    /// The status of an export, or the fault that replaces the response.
    func status(_ id: ExportID) -> Outcome<View> {
        withExport(id) { export, statistics, now in
            export.occasions.statuses += 1
            let fault = export.plan.faults.decide(
                at: .status, key: export.randomKey, occasion: Int(export.occasions.statuses))
            if let fault {
                inject(fault, at: .status, into: &export, &statistics)
                return .fault(fault)
            }
            let view = export.view(at: now)
            if view.status.isFinal { export.detectedAt = min(export.detectedAt, now) }
            return .answer(view)
        }
    }

    /// The export of an idempotency key.
    func find(key: String) -> Outcome<View> {
        let identity = Draw.mix(configuration.seed ^ Draw.hash(key))
        let now = clock.now()
        return state.withLock { state in
            let occasion = count(Draw(identity, .fault).bits, &state)
            guard let export = slot(for: key, identity: identity, state).1 else {
                let fault = faults.decide(at: .find, key: identity, occasion: occasion)
                guard let fault else { return .unknown }
                state.statistics.faults[fault.fault, default: 0] += 1
                return .fault(fault)
            }
            guard let fault = export.plan.faults.decide(at: .find, key: export.randomKey, occasion: occasion) else {
                return .answer(export.view(at: now))
            }
            var marked = export
            inject(fault, at: .find, into: &marked, &state.statistics)
            state.exports[export.id] = marked
            return .fault(fault)
        }
    }

    /// The outcome of a cancel request.
    enum Cancellation: Sendable {
        case cancelled(View)
        /// The export has already ended in another way.
        case tooLate(View)
    }

    func cancel(_ id: ExportID) -> Outcome<Cancellation> {
        withExport(id) { export, statistics, now in
            export.occasions.cancels += 1
            let fault = export.plan.faults.decide(
                at: .cancel, key: export.randomKey, occasion: Int(export.occasions.cancels))
            if let fault { inject(fault, at: .cancel, into: &export, &statistics) }
            if let fault, fault.fault != .lostAnswer { return .fault(fault) }
            let status = export.status(at: now)
            if !status.isFinal {
                export.cancelledAt = now
                statistics.cancelled += 1
                log.cancelled(export, now: now)
            }
            if let fault { return .fault(fault) }
            let view = export.view(at: now)
            return .answer(view.status == .cancelled ? .cancelled(view) : .tooLate(view))
        }
    }
}
