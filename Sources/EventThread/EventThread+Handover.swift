/// Work that goes from one event thread to another.
extension EventThread {
    /// Runs `body` on this thread for a caller on `other`: at once where they are one, otherwise in one of the next turns, in the order of
    /// the calls of this method. What a turn of `other` hands over arrives in one piece: waking a thread costs more than most of what it is
    /// woken for.
    public func perform(from other: EventThread, _ body: @escaping @Sendable () -> Void) {
        other.preconditionCurrent()
        if other === self { return body() }
        if other.loop.handOver(body, to: self) { other.atTurnEnd { other.loop.deliverHandovers() } }
    }
}

extension Loop {
    /// What the running turn has for one other thread.
    struct Handover {
        let receiver: EventThread
        var bodies: [@Sendable () -> Void]
    }

    /// - Returns: whether it is the first of the turn.
    func handOver(_ body: @escaping @Sendable () -> Void, to receiver: EventThread) -> Bool {
        let isFirst = handovers.isEmpty
        // One or two threads: nothing is found faster than by looking.
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
