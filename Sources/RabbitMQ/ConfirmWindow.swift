import DequeModule

/// The unconfirmed messages of a channel by sequence number: 1 for the first publish after `confirm.select`
/// (rabbitmq.com/docs/confirms). The cost of a confirm depends on how many messages it settles, not on how many are outstanding.
struct ConfirmWindow<Element> {
    private struct Slot {
        var element: Element
        var weight: Int
        var returned: PublishOutcome?
    }

    /// `nil` where a later message was confirmed first.
    private var slots: Deque<Slot?> = []
    /// The sequence number of the first slot.
    private var base: UInt64 = 1
    private(set) var count = 0
    private(set) var weight = 0

    var isEmpty: Bool { count == 0 }

    /// The distance from the oldest unconfirmed message to the newest, which determines memory use.
    var span: Int { slots.count }

    private var nextSequence: UInt64 { base + UInt64(slots.count) }

    mutating func append(_ element: Element, weight: Int) {
        slots.append(Slot(element: element, weight: weight, returned: nil))
        count += 1
        self.weight += weight
    }

    /// Records that a message was returned; the broker confirms it afterwards. A return carries no sequence number, so it is
    /// matched to the first identical message that has not been returned yet. Among identical messages the choice does not matter.
    mutating func markReturned(as outcome: PublishOutcome, _ isLike: (Element) -> Bool) {
        let index = slots.firstIndex { slot in
            guard let slot, slot.returned == nil else { return false }
            return isLike(slot.element)
        }
        if let index { slots[index]?.returned = outcome }
    }

    /// Handles a `basic.ack` or `basic.nack`. Calls `settled` in publishing order, with `outcome` or the earlier return. An unknown
    /// number settles nothing.
    mutating func settle(
        _ sequence: UInt64, multiple: Bool, as outcome: PublishOutcome, _ settled: (Element, PublishOutcome) -> Void
    ) {
        // Number 0 with `multiple` means all outstanding messages.
        let last = multiple && sequence == 0 ? nextSequence - 1 : sequence
        guard let index = index(of: last) else { return }
        if multiple {
            for _ in 0...index { take(slots.removeFirst(), outcome, settled) }
            base = last + 1
        } else {
            take(slots[index], outcome, settled)
            slots[index] = nil
        }
        while let first = slots.first, first == nil {
            slots.removeFirst()
            base += 1
        }
    }

    /// Removes the unconfirmed messages and returns them in publishing order. The next channel starts again at number 1.
    mutating func removeAll() -> [Element] {
        let elements = slots.compactMap { $0?.element }
        self = ConfirmWindow()
        return elements
    }

    private mutating func take(_ slot: Slot?, _ outcome: PublishOutcome, _ settled: (Element, PublishOutcome) -> Void) {
        guard let slot else { return }
        count -= 1
        weight -= slot.weight
        settled(slot.element, slot.returned ?? outcome)
    }

    private func index(of sequence: UInt64) -> Int? {
        guard sequence >= base, sequence - base < UInt64(slots.count) else { return nil }
        return Int(sequence - base)
    }
}
