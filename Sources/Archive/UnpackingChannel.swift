import Glibc
import Synchronization

/// An event from the unpacking thread to the reader.
enum Unpacked: Sendable {
    case entry(ArchiveEntry)
    case chunk([UInt8])
    case endOfEntry
    case endOfArchive
    case failed(ArchiveError)
}

/// The bounded channel between a reader's task, which never blocks, and its thread, which may.
///
/// Packed bytes go in one chunk at a time, when the thread requests one. Unpacked chunks wait in a bounded queue; the thread blocks
/// while it is full. At most two packed chunks, and `capacity` plus one chunk of unpacked bytes, are in memory. Closing wakes both
/// sides.
final class UnpackingChannel: Sendable {
    /// The maximum bytes of unpacked chunks that wait for the reader.
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

        /// Whether the thread must be woken, once for each time that it went to sleep.
        mutating func wakesThread() -> Bool {
            defer { isThreadAsleep = false }
            return isThreadAsleep
        }
    }

    private let state = Mutex(State())
    private let semaphore = Semaphore()

    func close() {
        let (waiter, mustSignal) = state.withLock { state in
            state.isClosed = true
            state.input = nil
            state.output = []
            return (state.waiter.take(), state.wakesThread())
        }
        if mustSignal { semaphore.signal() }
        waiter?.resume()
    }
}

/// The thread's side: these calls block.
extension UnpackingChannel {
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
            semaphore.wait()
        }
    }

    /// Returns `false` if the reader is closed.
    func put(_ unpacked: Unpacked) -> Bool {
        let size = if case .chunk(let bytes) = unpacked { bytes.count } else { 0 }
        while true {
            let (answer, waiter): (Bool?, CheckedContinuation<Void, Never>?) = state.withLock { state in
                if state.isClosed { return (false, nil) }
                let hasRoom = state.output.count < Self.maxEvents && state.outputBytes + size <= Self.capacity
                // A single chunk larger than the capacity must pass too.
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
            semaphore.wait()
        }
    }
}

/// The task's side.
extension UnpackingChannel {
    /// The reader's next step: take an unpacked event, or fetch packed bytes.
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
        let (demand, mustSignal): (Demand?, Bool) = state.withLock { state in
            if state.isClosed { return (.closed, false) }
            if !state.output.isEmpty {
                let unpacked = state.output.removeFirst()
                if case .chunk(let bytes) = unpacked { state.outputBytes -= bytes.count }
                return (.unpacked(unpacked), state.wakesThread())
            }
            return (state.isInputWanted ? .packedBytes : nil, false)
        }
        if mustSignal { semaphore.signal() }
        return demand
    }

    /// Supplies the requested packed bytes; `nil` marks their end.
    func supply(_ chunk: [UInt8]?) {
        let mustSignal = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isInputWanted = false
            state.input = chunk
            state.isInputAtEnd = chunk == nil
            return state.wakesThread()
        }
        if mustSignal { semaphore.signal() }
    }
}

/// The semaphore on which the thread sleeps. A signal before the wait is not lost.
private final class Semaphore: @unchecked Sendable {
    // Unchecked: a semaphore is safe to use from several threads, and must not move in memory.
    private let pointer = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(pointer, 0, 0) }

    deinit {
        sem_destroy(pointer)
        pointer.deallocate()
    }

    func signal() { sem_post(pointer) }

    /// A POSIX signal may end the wait early, which costs one extra check of the state.
    func wait() { sem_wait(pointer) }
}
