/// Work that one event thread sends to another.
extension EventThread {
    /// Runs `body` on this thread for a caller on `other`: at once if they are the same thread, otherwise in one of the next turns,
    /// in the order of these calls. All work from one turn of `other` arrives in one batch, because waking a thread costs more than
    /// most of the work.
    public func perform(from other: EventThread, _ body: @escaping @Sendable () -> Void) {
        other.preconditionCurrent()
        if other === self { return body() }
        if other.loop.handOver(body, to: self) { other.atTurnEnd { other.loop.deliverHandovers() } }
    }
}

extension Loop {
    /// The work of the running turn for one other thread.
    struct Handover {
        let receiver: EventThread
        var bodies: [@Sendable () -> Void]
    }

    /// - Returns: whether it is the first of the turn.
    func handOver(_ body: @escaping @Sendable () -> Void, to receiver: EventThread) -> Bool {
        let isFirst = handovers.isEmpty
        // There are one or two threads, for which a linear search is fastest.
        if let position = handovers.firstIndex(where: { $0.receiver === receiver }) {
            handovers[position].bodies.append(body)
        } else {
            handovers.append(Handover(receiver: receiver, bodies: [body]))
        }
        return isFirst
    }

    func deliverHandovers() {
        let ready = handovers
        handovers.removeAll(keepingCapacity: true)
        for handover in ready { handover.receiver.perform { for body in handover.bodies { body() } } }
    }
}
