import DequeModule

/// The messages that were published on a channel and are not confirmed yet, by their sequence number: 1 for the first publish
/// after `confirm.select` (rabbitmq.com/docs/confirms). A confirm costs time in the number of messages that it settles, not in
/// the number that is outstanding.
struct ConfirmWindow<Element> {
    private struct Slot {
        var element: Element
        var weight: Int
        var returned: PublishOutcome?
    }

    /// `nil` where a later message was confirmed before an earlier one.
    private var slots: Deque<Slot?> = []
    /// The sequence number of the first slot.
    private var base: UInt64 = 1
    private(set) var count = 0
    private(set) var weight = 0

    var isEmpty: Bool { count == 0 }

    /// The distance from the oldest unconfirmed message to the newest: what the window costs in memory.
    var span: Int { slots.count }

    private var nextSequence: UInt64 { base + UInt64(slots.count) }

    mutating func append(_ element: Element, weight: Int) {
        slots.append(Slot(element: element, weight: weight, returned: nil))
        count += 1
        self.weight += weight
    }

    /// Remembers that a message came back; the broker confirms it afterwards. A return has no number: it belongs to the first
    /// message like it that has not come back yet. Of messages that are alike in all, it does not matter which.
    mutating func markReturned(as outcome: PublishOutcome, _ isLike: (Element) -> Bool) {
        let index = slots.firstIndex { slot in
            guard let slot, slot.returned == nil else { return false }
            return isLike(slot.element)
        }
        if let index { slots[index]?.returned = outcome }
    }

    /// Handles a `basic.ack` or `basic.nack`. `settled` is called in the order of publishing, with `outcome` or the return that
    /// came before. An unknown number settles nothing.
    mutating func settle(
        _ sequence: UInt64, multiple: Bool, as outcome: PublishOutcome, _ settled: (Element, PublishOutcome) -> Void
    ) {
        // Number 0 with `multiple` means all that are outstanding.
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

    /// What is unconfirmed, in the order of publishing. The next channel starts again at number 1.
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
