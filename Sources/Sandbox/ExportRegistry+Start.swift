extension ExportRegistry {
    /// The outcome of a start request.
    enum Start: Sendable {
        case started(View)
        /// The export has begun before, or was cancelled.
        case tooLate(View)
    }

    /// Begins the export of a draft. A draft begins once, however often it is asked for.
    func start(_ id: ExportID) -> Outcome<Start> {
        let now = clock.now()
        return state.withLock { state in
            guard var export = state.exports[id] else { return .unknown }
            defer { state.exports[id] = export }
            export.occasions.starts += 1
            let fault = export.plan.faults.decide(at: .start, key: export.randomKey, occasion: Int(export.occasions.starts))
            if let fault { inject(fault, at: .start, into: &export, &state.statistics) }
            if let fault, fault.fault != .lostAnswer { return .fault(fault) }
            let isFirst = export.status(at: now) == .draft
            if isFirst {
                export.begin(at: now)
                state.finishing.insert(Finishing(readyAt: export.readyAt, id: id))
                state.statistics.started += 1
                log.started(export, now: now)
            } else {
                state.statistics.startedAgain += 1
            }
            if let fault { return .fault(fault) }
            let view = export.view(at: now)
            return .answer(isFirst ? .started(view) : .tooLate(view))
        }
    }
}
