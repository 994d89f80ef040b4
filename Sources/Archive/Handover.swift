import Glibc
import Synchronization

/// What the unpacking thread tells the reader.
enum Unpacked: Sendable {
    case entry(ArchiveEntry)
    case chunk([UInt8])
    case endOfEntry
    case endOfArchive
    case failed(ArchiveError)
}

/// The hand-over between a reader's task, which never blocks, and its thread, which may.
///
/// Packed bytes go in one chunk at a time, and only when the thread asks for one; unpacked ones wait in a queue of bounded
/// size, at which the thread waits in turn. So at most two packed chunks and `capacity` plus one chunk of unpacked bytes are in
/// memory. Closing wakes both sides.
final class Handover: Sendable {
    /// Bytes of unpacked chunks that may wait for the reader.
    static let capacity = 512 * 1024
    static let maxEvents = 256

    enum Demand: Sendable {
        case unpacked(Unpacked)
        case packedBytes
        case closed
    }

    private struct State {
        var input: [UInt8]?
        var isInputWanted = false
        var isInputAtEnd = false
        var output: [Unpacked] = []
        var outputBytes = 0
        var isClosed = false
        var isThreadAsleep = false
        var waiter: CheckedContinuation<Void, Never>?

        /// Whether the thread is to be woken, once for each time that it went to sleep.
        mutating func wakesThread() -> Bool {
            defer { isThreadAsleep = false }
            return isThreadAsleep
        }
    }

    private let state = Mutex(State())
    private let doorbell = Doorbell()

    func close() {
        let (waiter, mustRing) = state.withLock { state in
            state.isClosed = true
            state.input = nil
            state.output = []
            return (state.waiter.take(), state.wakesThread())
        }
        if mustRing { doorbell.ring() }
        waiter?.resume()
    }
}

/// The thread's side: these calls block.
extension Handover {
    enum Input {
        case chunk([UInt8])
        case end
        case closed
    }

    func takeInput() -> Input {
        while true {
            let (input, waiter): (Input?, CheckedContinuation<Void, Never>?) = state.withLock { state in
                if state.isClosed { return (.closed, nil) }
                if let chunk = state.input.take() { return (.chunk(chunk), nil) }
                if state.isInputAtEnd { return (.end, nil) }
                state.isInputWanted = true
                state.isThreadAsleep = true
                return (nil, state.waiter.take())
            }
            if let input { return input }
            waiter?.resume()
            doorbell.wait()
        }
    }

    /// `false` when the reader is closed: there is nobody to unpack for.
    func put(_ unpacked: Unpacked) -> Bool {
        let size = if case .chunk(let bytes) = unpacked { bytes.count } else { 0 }
        while true {
            let (answer, waiter): (Bool?, CheckedContinuation<Void, Never>?) = state.withLock { state in
                if state.isClosed { return (false, nil) }
                let hasRoom = state.output.count < Self.maxEvents && state.outputBytes + size <= Self.capacity
                // A single chunk over the capacity must pass too.
                guard hasRoom || state.output.isEmpty else {
                    state.isThreadAsleep = true
                    return (nil, nil)
                }
                state.output.append(unpacked)
                state.outputBytes += size
                return (true, state.waiter.take())
            }
            waiter?.resume()
            if let answer { return answer }
            doorbell.wait()
        }
    }
}

/// The task's side.
extension Handover {
    /// What there is to do next: take what was unpacked, or fetch packed bytes.
    func next() async -> Demand {
        while true {
            if let demand = poll() { return demand }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isReady = state.withLock { state in
                        if state.isClosed || state.isInputWanted || !state.output.isEmpty { return true }
                        state.waiter = continuation
                        return false
                    }
                    if isReady { continuation.resume() }
                }
            } onCancel: {
                close()
            }
        }
    }

    private func poll() -> Demand? {
        let (demand, mustRing): (Demand?, Bool) = state.withLock { state in
            if state.isClosed { return (.closed, false) }
            if !state.output.isEmpty {
                let unpacked = state.output.removeFirst()
                if case .chunk(let bytes) = unpacked { state.outputBytes -= bytes.count }
                return (.unpacked(unpacked), state.wakesThread())
            }
            return (state.isInputWanted ? .packedBytes : nil, false)
        }
        if mustRing { doorbell.ring() }
        return demand
    }

    /// Answers a demand for packed bytes; `nil` is their end.
    func supply(_ chunk: [UInt8]?) {
        let mustRing = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isInputWanted = false
            state.input = chunk
            state.isInputAtEnd = chunk == nil
            return state.wakesThread()
        }
        if mustRing { doorbell.ring() }
    }
}

/// What the thread sleeps on. A ring before the wait is not lost.
private final class Doorbell: @unchecked Sendable {
    // Unchecked: a semaphore is made for being used from several threads, and must not move in memory.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func ring() { sem_post(semaphore) }

    /// May return early when a signal arrives, which costs one look at the state.
    func wait() { sem_wait(semaphore) }
}
