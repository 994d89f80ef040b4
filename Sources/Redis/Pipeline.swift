import DequeModule

/// The queue, the batch on the wire, and the mapping of replies to calls. It does no I/O and takes the time as an argument.
///
/// One *batch* is on the wire at a time; commands that arrive meanwhile form the next one, which grows with the server's response
/// time. Under load, one write, one read and, on the server, one fsync thus serve many commands.
struct Pipeline {
    private let limits: RedisConfiguration.Limits
    private let server: String
    /// In order of their ids. Settled calls stay until they reach the front or are swept.
    private var waiting = Deque<Call>()
    private var settledWaiting = 0
    private var batch = Deque<Flight>()
    private var batchOverdue: ContinuousClock.Instant?
    /// The number of queued commands of unsettled calls.
    private(set) var queuedCommands = 0
    private var queuedBytes = 0

    /// The commands of a call in the current batch.
    private struct Flight {
        let call: Call
        var awaitedReplies: Int
    }

    init(limits: RedisConfiguration.Limits, server: String) {
        self.limits = limits
        self.server = server
    }

    var isBatchAnswered: Bool { batch.isEmpty }
    /// Includes settled calls that have not been swept.
    var heldCalls: Int { waiting.count + batch.count }
    var isIdle: Bool { batch.isEmpty && queuedCommands == 0 }

    /// Queues a call unless the queue is full. An empty queue accepts a call of any size.
    mutating func enqueue(_ call: Call) -> Bool {
        let isFull =
            queuedCommands + call.commands.count > limits.queuedCommands
            || queuedBytes + call.unsentBytes > limits.queuedBytes
        guard !isFull || queuedCommands == 0 else { return false }
        queuedCommands += call.commands.count
        queuedBytes += call.unsentBytes
        waiting.append(call)
        return true
    }

    /// Moves as much as one write may hold, at least one command, from the queue to the wire and returns it in order.
    mutating func formBatch(at now: ContinuousClock.Instant, timeout: Duration) -> [ArraySlice<UInt8>] {
        guard batch.isEmpty else { return [] }
        var slices: [ArraySlice<UInt8>] = []
        var room = (commands: limits.batchCommands, bytes: limits.batchBytes)
        var overdue = now + timeout
        while let call = waiting.first {
            if !call.isSettled {
                let first = call.sent
                while !call.isSent, room.commands > 0 {
                    let size = call.commands.size(of: call.sent)
                    let isFirst = slices.isEmpty && call.sent == first
                    guard size <= room.bytes || isFirst else { break }
                    room.commands -= 1
                    room.bytes -= size
                    call.sent += 1
                }
                if call.sent > first {
                    let slice = call.commands[first..<call.sent]
                    slices.append(slice)
                    queuedCommands -= call.sent - first
                    queuedBytes -= slice.count
                    batch.append(Flight(call: call, awaitedReplies: call.sent - first))
                    overdue = max(overdue, call.deadline)
                }
                guard call.isSent else { break }
            } else {
                settledWaiting -= 1
            }
            waiting.removeFirst()
        }
        batchOverdue = slices.isEmpty ? nil : overdue
        return slices
    }

    /// Assigns a reply to the command it belongs to; returns `false` if none is pending.
    mutating func receive(_ reply: RESPValue) -> Bool {
        guard let flight = batch.first else { return false }
        flight.call.receive(reply)
        if flight.awaitedReplies == 1 {
            batch.removeFirst()
            if batch.isEmpty { batchOverdue = nil }
        } else {
            batch[batch.startIndex].awaitedReplies -= 1
        }
        return true
    }
}

// Calls that fail.
extension Pipeline {
    /// Settles a call whose caller was cancelled.
    mutating func cancel(_ id: UInt64) {
        let call = waiting.call(id) { $0 } ?? batch.call(id) { $0.call }
        if let call { fail(call, .cancelled(mayHaveRun: call.sent > 0), cause: nil) }
    }

    /// Fails the calls whose deadline has passed.
    /// - Returns: whether the batch is overdue: no reply for as long as its youngest command may take, and at least for a command's
    ///   timeout. The peer is then gone or frozen. A late reply to a single call does not prove that.
    mutating func expire(at now: ContinuousClock.Instant, cause: String?) -> Bool {
        for call in calls where call.deadline <= now {
            fail(call, .timedOut(mayHaveRun: call.sent > 0), cause: call.sent > 0 ? nil : cause)
        }
        return batchOverdue.map { $0 <= now } ?? false
    }

    /// When `expire` must run next if nothing changes.
    var nextDeadline: ContinuousClock.Instant? {
        let deadlines = calls.lazy.filter { !$0.isSettled }.map(\.deadline)
        return [deadlines.min(), batchOverdue].compactMap { $0 }.min()
    }

    /// The connection was lost. Calls on the wire fail; queued calls stay queued.
    /// - Parameter firstKind: the error of the call whose reply was due next, if that call alone caused the failure.
    mutating func loseBatch(cause: String, firstKind: RedisError.Kind? = nil) {
        for (index, flight) in batch.enumerated() {
            let blame = index == 0 ? firstKind : nil
            fail(flight.call, blame ?? .connectionLost(mayHaveRun: true), cause: cause)
        }
        batch.removeAll()
        batchOverdue = nil
    }

    mutating func shutDown() {
        for call in calls { fail(call, .shutDown(mayHaveRun: call.sent > 0), cause: nil) }
        batch.removeAll()
        waiting.removeAll()
        (settledWaiting, batchOverdue) = (0, nil)
    }

    private var calls: [Call] { batch.map(\.call) + waiting }

    private mutating func fail(_ call: Call, _ kind: RedisError.Kind, cause: String?) {
        guard !call.isSettled else { return }
        if !call.isSent {
            queuedCommands -= call.commands.count - call.sent
            queuedBytes -= call.unsentBytes
            settledWaiting += 1
        }
        call.settle(RedisError(kind, operation: call.operation, server: server, cause: cause))
        if settledWaiting > 1000, settledWaiting > waiting.count / 2 {
            waiting.removeAll { $0.isSettled }
            settledWaiting = 0
        }
    }
}

extension Deque {
    /// Finds a call by id in elements sorted by their calls' ids.
    fileprivate func call(_ id: UInt64, _ call: (Element) -> Call) -> Call? {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if call(self[middle]).id < id { low = middle + 1 } else { high = middle }
        }
        return low < endIndex && call(self[low]).id == id ? call(self[low]) : nil
    }
}
