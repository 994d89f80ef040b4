extension ExportRegistry {
    /// The outcome of a create request.
    enum Creation: Sendable {
        case created(View)
        /// The idempotency key already has an export.
        case replayed(View)
        /// The idempotency key was used with a different order.
        case conflict
        /// The registry is full, and no export has finished.
        case full
        case fault(InjectedFault)
    }

    /// Creates an export, or finds the one that the idempotency key already has.
    ///
    /// - Parameter isDraft: whether the export begins only with `start`.
    /// - Throws: `SandboxOptionError` that names the invalid key of the order.
    func create(_ order: ExportOrder, key: String?, isDraft: Bool) throws(SandboxOptionError) -> Creation {
        let now = clock.now()
        let plan = try plan(for: order)
        return state.withLock { state in
            key.map { create(plan, key: $0, isDraft, now, &state) } ?? createUnkeyed(plan, isDraft, now, &state)
        }
    }

    private func create(_ plan: ExportPlan, key: String, _ isDraft: Bool, _ now: Int64, _ state: inout State) -> Creation {
        let identity = Draw.mix(configuration.seed ^ Draw.hash(key))
        let randomKey = plan.order.seed.map(Draw.mix) ?? identity
        let (id, known) = slot(for: key, identity: identity, state)
        guard var export = known else {
            let occasion = count(identity, &state)
            var export = SimulatedExport(id: id, idempotencyKey: key, plan: plan, randomKey: randomKey, now: now)
            if !isDraft { export.begin(at: now) }
            return add(export, occasion: occasion, now, &state) { $0.keyOccasions[identity] = nil }
        }
        guard export.plan.order == plan.order else {
            state.statistics.conflicts += 1
            return .conflict
        }
        export.occasions.creates += 1
        defer { state.exports[id] = export }
        let fault = plan.faults.decide(at: .create, key: randomKey, occasion: Int(export.occasions.creates))
        if let fault { inject(fault, at: .create, into: &export, &state.statistics) }
        if let fault, fault.fault != .lostAnswer { return .fault(fault) }
        state.statistics.replayed += 1
        log.created(export, isReplay: true, now: now)
        return fault.map(Creation.fault) ?? .replayed(export.view(at: now))
    }

    private func createUnkeyed(_ plan: ExportPlan, _ isDraft: Bool, _ now: Int64, _ state: inout State) -> Creation {
        state.unkeyed += 1
        let identity = Draw(configuration.seed, .identity, state.unkeyed).bits
        let randomKey = plan.order.seed.map(Draw.mix) ?? identity
        let (id, _) = slot(for: nil, identity: identity, state)
        var export = SimulatedExport(id: id, idempotencyKey: nil, plan: plan, randomKey: randomKey, now: now)
        if !isDraft { export.begin(at: now) }
        return add(export, occasion: 1, now, &state) { _ in }
    }

    private func add(
        _ new: SimulatedExport, occasion: Int, _ now: Int64, _ state: inout State, then settle: (inout State) -> Void
    ) -> Creation {
        var export = new
        export.occasions.creates = Int32(clamping: occasion)
        let fault = export.plan.faults.decide(at: .create, key: export.randomKey, occasion: occasion)
        if let fault, fault.fault != .lostAnswer {
            inject(fault, at: .create, into: &export, &state.statistics)
            return .fault(fault)
        }
        guard makeRoom(now, &state) else { return .full }
        for outcome in export.injected { state.statistics.faults[outcome, default: 0] += 1 }
        settle(&state)
        log.created(export, isReplay: false, now: now)
        if let fault { inject(fault, at: .create, into: &export, &state.statistics) }
        state.exports[export.id] = export
        if !export.isDraft { state.finishing.insert(Finishing(readyAt: export.readyAt, id: export.id)) }
        state.statistics.created += 1
        return fault.map(Creation.fault) ?? .created(export.view(at: now))
    }

    /// The id for an idempotency key, and the existing export of that key, if any. The id is drawn from the key, so that a run
    /// repeats its ids, and drawn again if another key has it.
    func slot(for key: String?, identity: UInt64, _ state: borrowing State) -> (ExportID, SimulatedExport?) {
        var id = ExportID(bits: Draw(identity, .identity).bits)
        while let other = state.exports[id] {
            if let key, other.idempotencyKey == key { return (id, other) }
            id = ExportID(bits: Draw.mix(id.bits))
        }
        return (id, nil)
    }

    private func makeRoom(_ now: Int64, _ state: inout State) -> Bool {
        guard state.exports.count >= configuration.maxExports else { return true }
        guard let first = state.finishing.min, first.readyAt <= now else {
            state.statistics.refused += 1
            return false
        }
        state.finishing.removeMin()
        state.exports[first.id] = nil
        state.statistics.dropped += 1
        return true
    }

    private func plan(for order: ExportOrder) throws(SandboxOptionError) -> ExportPlan {
        if let known = state.withLock({ $0.plans[order] }) { return known }
        let plan = try ExportPlan(order: order, configuration: configuration)
        state.withLock { state in
            // Orders with their own seed are as many as exports; clearing the cache from time to time bounds it.
            if state.plans.count >= 4_096 { state.plans.removeAll() }
            state.plans[order] = plan
        }
        return plan
    }

    /// Counts a request for an idempotency key that has no export.
    func count(_ identity: UInt64, _ state: inout State) -> Int {
        if state.keyOccasions.count >= 100_000 { state.keyOccasions.removeAll(keepingCapacity: true) }
        state.keyOccasions[identity, default: 0] += 1
        return Int(state.keyOccasions[identity, default: 1])
    }
}
