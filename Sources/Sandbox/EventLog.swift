import Encoding
import Foundation
import Synchronization

/// The sandbox's record of creates, starts, cancels, sign-ins and injected faults, as NDJSON in a file. An audit compares it with the
/// results.
///
/// Lines are buffered and written at 64 KiB, every 100 ms by the server, and when it stops. A blocking write delays the
/// requests behind it, so nothing is lost and memory stays bounded.
final class EventLog: Sendable {
    private let state: Mutex<State>

    private struct State {
        var descriptor: Int32?
        var pending: [UInt8] = []
        /// The first write error.
        var failure: SandboxError?
    }

    /// - Parameter path: a file to create or append to; nil keeps no log.
    /// - Throws: `SandboxError.cannotOpenLog`.
    init(path: String?) throws(SandboxError) {
        guard let path else {
            state = Mutex(State())
            return
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw SandboxError.cannotOpenLog(path: path, cause: String(cString: strerror(errno)))
        }
        state = Mutex(State(descriptor: descriptor))
    }

    func created(_ export: SimulatedExport, isReplay: Bool, now: Int64) {
        append { json in
            json.field("event", isReplay ? "replayed" : "created")
            json.field("at", nanoseconds: now)
            json.field("id", export.id.text)
            json.field("idempotencyKey", export.idempotencyKey)
            json.field("outcome", export.outcome.rawValue)
            json.field("files", export.fileCount)
            json.field("readyAt", nanoseconds: export.readyAt)
        }
    }

    /// A draft has begun.
    func started(_ export: SimulatedExport, now: Int64) {
        append { json in
            json.field("event", "started")
            json.field("at", nanoseconds: now)
            json.field("id", export.id.text)
            json.field("idempotencyKey", export.idempotencyKey)
            json.field("readyAt", nanoseconds: export.readyAt)
        }
    }

    /// - Parameters:
    ///   - refreshToken: the used one; nil for a personal token.
    ///   - next: the one that replaces it; nil if it was refused.
    func signIn(refreshToken: String?, next: String?, isRefused: Bool, now: Int64) {
        append { json in
            json.field("event", isRefused ? "signInRefused" : "signIn")
            json.field("at", nanoseconds: now)
            json.field("refreshToken", refreshToken)
            json.field("next", next)
        }
    }

    func cancelled(_ export: SimulatedExport, now: Int64) {
        append { json in
            json.field("event", "cancelled")
            json.field("at", nanoseconds: now)
            json.field("id", export.id.text)
            json.field("idempotencyKey", export.idempotencyKey)
        }
    }

    func fault(_ injected: InjectedFault, at point: FaultPoint, id: ExportID?, key: String?, file: Int?, now: Int64) {
        append { json in
            json.field("event", "fault")
            json.field("at", nanoseconds: now)
            json.field("fault", injected.fault.rawValue)
            if let form = injected.formName { json.field("form", form) }
            json.field("point", point.rawValue)
            json.field("id", id?.text)
            json.field("idempotencyKey", key)
            if let file { json.field("file", file) }
        }
    }

    /// Writes the buffered lines.
    func flush() {
        state.withLock { write(&$0) }
    }

    /// Why the log is incomplete, if a write failed.
    var failure: SandboxError? { state.withLock { $0.failure } }

    func close() {
        state.withLock { state in
            write(&state)
            if let descriptor = state.descriptor { Foundation.close(descriptor) }
            state.descriptor = nil
        }
    }

    private func append(_ fields: (inout JSONWriter) -> Void) {
        state.withLock { state in
            guard state.descriptor != nil else { return }
            var json = JSONWriter()
            json.object { fields(&$0) }
            json.endLine()
            state.pending += json.take()
            if state.pending.count >= 65_536 { write(&state) }
        }
    }

    private func write(_ state: inout State) {
        guard let descriptor = state.descriptor, !state.pending.isEmpty else { return }
        var written = 0
        while written < state.pending.count {
            let count = state.pending[written...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                state.failure = state.failure ?? .cannotWriteLog(cause: String(cString: strerror(errno)))
                break
            }
            written += count
        }
        state.pending.removeAll(keepingCapacity: true)
    }
}
