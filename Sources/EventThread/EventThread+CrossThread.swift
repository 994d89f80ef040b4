/// Work that one event thread sends to another.
extension EventThread {
    /// Runs `body` on this thread for a caller on `other`: at once if they are the same thread, otherwise in one of the next turns,
    /// in the order of these calls. All work from one turn of `other` arrives in one batch, because waking a thread costs more than
    /// most of the work.
    public func perform(from other: EventThread, _ body: @escaping @Sendable () -> Void) {
        other.preconditionCurrent()
        if other === self { return body() }
        if other.loop.enqueue(body, to: self) { other.atTurnEnd { other.loop.sendOutgoing() } }
    }
}

extension Loop {
    /// The work of the running turn for one other thread.
    struct OutgoingBatch {
        let receiver: EventThread
        var bodies: [@Sendable () -> Void]
    }

    /// - Returns: whether it is the first of the turn.
    func enqueue(_ body: @escaping @Sendable () -> Void, to receiver: EventThread) -> Bool {
        let isFirst = outgoing.isEmpty
        // There are one or two threads, for which a linear search is fastest.
        if let position = outgoing.firstIndex(where: { $0.receiver === receiver }) {
            outgoing[position].bodies.append(body)
        } else {
            outgoing.append(OutgoingBatch(receiver: receiver, bodies: [body]))
        }
        return isFirst
    }

    func sendOutgoing() {
        let ready = outgoing
        outgoing.removeAll(keepingCapacity: true)
        for batch in ready { batch.receiver.perform { for body in batch.bodies { body() } } }
    }
}
