/// A frame that settles deliveries.
enum Settlement: Equatable {
    case acknowledge(UInt64, multiple: Bool)
    case reject(UInt64, requeue: Bool)
}

/// The unsettled deliveries of one channel. It batches acknowledgements: one `basic.ack` with `multiple` settles everything up to
/// the newest delivery before which nothing is outstanding (AMQP 0-9-1, basic.ack).
///
/// Memory is bounded by the prefetch, even if the oldest delivery is held for a long time while others come and go.
struct AcknowledgementLedger {
    private enum State: UInt8 { case outstanding, acknowledged, requeued, discarded, settled }

    /// Ascending. Settled deliveries remain as holes until `compact`.
    private var numbers: [UInt64] = []
    private var states: [State] = []
    private var head = 0
    private var holes = 0
    /// Positions to settle at the next flush.
    private var acknowledged: [Int] = []
    private var rejected: [Int] = []

    var outstanding: Int { numbers.count - head - holes - acknowledged.count - rejected.count }
    var hasUnsent: Bool { !acknowledged.isEmpty || !rejected.isEmpty }

    mutating func delivered(_ number: UInt64) {
        numbers.append(number)
        states.append(.outstanding)
    }

    /// Returns whether the delivery was outstanding. Settling a delivery twice makes the broker close the channel.
    mutating func acknowledge(_ number: UInt64) -> Bool {
        guard let position = position(of: number), states[position] == .outstanding else { return false }
        states[position] = .acknowledged
        acknowledged.append(position)
        return true
    }

    mutating func reject(_ number: UInt64, requeue: Bool) -> Bool {
        guard let position = position(of: number), states[position] == .outstanding else { return false }
        states[position] = requeue ? .requeued : .discarded
        rejected.append(position)
        return true
    }

    /// Passes the pending settlements to `send` in order and marks them as settled.
    mutating func flush(_ send: (Settlement) -> Void) {
        // Rejections first: an acknowledgement with `multiple` would include them.
        for position in rejected {
            send(.reject(numbers[position], requeue: states[position] == .requeued))
            settle(position)
        }
        rejected.removeAll(keepingCapacity: true)
        guard !acknowledged.isEmpty else { return compact() }

        var last: Int?
        var folded = 0
        var position = head
        while position < numbers.count, states[position] == .acknowledged || states[position] == .settled {
            if states[position] == .acknowledged {
                last = position
                folded += 1
            }
            position += 1
        }
        if let last { send(.acknowledge(numbers[last], multiple: folded > 1)) }
        for position in acknowledged {
            if position > last ?? -1 { send(.acknowledge(numbers[position], multiple: false)) }
            settle(position)
        }
        acknowledged.removeAll(keepingCapacity: true)
        compact()
    }

    private mutating func settle(_ position: Int) {
        states[position] = .settled
        holes += 1
    }

    /// Drops settled deliveries: those at the front at once, those in between when they outnumber the rest. Called only when no
    /// positions are kept.
    private mutating func compact() {
        while head < numbers.count, states[head] == .settled {
            head += 1
            holes -= 1
        }
        guard head + holes > max(64, numbers.count / 2) else { return }
        var kept = 0
        for position in head..<numbers.count where states[position] != .settled {
            numbers[kept] = numbers[position]
            states[kept] = states[position]
            kept += 1
        }
        numbers.removeSubrange(kept...)
        states.removeSubrange(kept...)
        head = 0
        holes = 0
    }

    private func position(of number: UInt64) -> Int? {
        guard head < numbers.count, number >= numbers[head] else { return nil }
        // Tags are sequential, so without holes the position can be calculated.
        let guess = head + Int(min(number - numbers[head], UInt64(numbers.count)))
        if guess < numbers.count, numbers[guess] == number { return guess }
        var low = head
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < numbers.count && numbers[low] == number ? low : nil
    }
}
