/// What callbacks on an event thread deliver, for one reader that takes everything that has arrived.
///
/// It joins callbacks, which come one at a time, and a task, which is cheaper the more it handles at once.
public actor Inbox<Element: Sendable> {
    private var arrived: [Element] = []
    /// How many are still to come, those that arrived and were not taken included.
    private var outstanding: Int
    private var reader: CheckedContinuation<Void, Never>?
    private let thread: EventThread
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter count: how many elements will be delivered; exactly so many must be.
    public init(expecting count: Int, on thread: EventThread) {
        outstanding = count
        self.thread = thread
        arrived.reserveCapacity(count)
    }

    /// Delivers an element. Belongs on the thread.
    public nonisolated func put(_ element: Element) {
        assumeIsolated { inbox in
            inbox.arrived.append(element)
            inbox.reader?.resume()
            inbox.reader = nil
        }
    }

    /// Waits until something has arrived. There is one reader.
    /// - Returns: everything that has arrived, in order; `nil` when all elements were taken.
    public func next() async -> [Element]? {
        guard outstanding > 0 else { return nil }
        if arrived.isEmpty {
            await withCheckedContinuation { continuation in
                // Checked again: the caller may have been suspended on its way here.
                if arrived.isEmpty { reader = continuation } else { continuation.resume() }
            }
        }
        let taken = arrived
        arrived = []
        outstanding -= taken.count
        return taken
    }
}
