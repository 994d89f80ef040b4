import CHiredis
import Glibc

/// Owns a hiredis context that is logged in and does not block. Hiredis buffers and parses; the socket is polled by others.
final class Connection {
    /// hiredis' handle; `Login` alone uses it besides, while it is the only owner.
    let context: UnsafeMutablePointer<redisContext>
    private var tls: TLSSession?

    /// Takes over the context and frees it at the end.
    init(adopting context: UnsafeMutablePointer<redisContext>) { self.context = context }

    deinit { redisFree(context) }

    var descriptor: Int32 { context.pointee.fd }

    /// Goes on in TLS. To be called while the context blocks and nothing has been sent.
    func startTLS(with host: String, _ tls: TLSContext) throws(TLSFailure) {
        self.tls = try TLSSession.start(context, with: host, tls)
    }

    struct Failure: Error {
        let text: String
        /// The bytes that came are no reply that hiredis can read.
        let isUnreadable: Bool
    }

    func append(_ command: ArraySlice<UInt8>) throws(Failure) {
        let status = command.withUnsafeBytes { bytes in
            redisAppendFormattedCommand(context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard status == REDIS_OK else { throw failure }
    }

    /// Writes what has been appended, as far as the socket takes it; `true` when all of it was taken.
    func write() throws(Failure) -> Bool {
        var isDone: Int32 = 0
        if tls != nil { TLSSession.forgetErrors() }
        guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw failure }
        return isDone == 1
    }

    /// Reads once; `true` when there may be more to read at once.
    func read() throws(Failure) -> Bool {
        let before = context.pointee.reader.pointee.len
        if tls != nil { TLSSession.forgetErrors() }
        guard redisBufferRead(context) == REDIS_OK else { throw failure }
        // Hiredis reads at most 16 KiB at a time.
        return holdsInput || context.pointee.reader.pointee.len >= before + 16_384
    }

    /// There is more to read, of which a poll of the socket does not tell.
    var holdsInput: Bool { tls?.holdsInput ?? false }

    /// The next reply that is there whole.
    func nextReply() throws(Failure) -> RESPValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisGetReplyFromReader(context, &reply) == REDIS_OK else { throw failure }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return RESPValue(reply.assumingMemoryBound(to: redisReply.self))
    }

    private var failure: Failure {
        let error = context.pointee.err
        // The text of an I/O error is that of errno, which may have changed since; hiredis has kept it.
        let text = tlsError ?? String(cString: shim_redis_error(context))
        return Failure(text: text, isUnreadable: error == REDIS_ERR_PROTOCOL)
    }

    /// What OpenSSL found wrong in the call that has just failed, where it was that: hiredis tells of errno alone, and takes an alert
    /// of the server for its end.
    var tlsError: String? {
        guard tls != nil, [REDIS_ERR_IO, REDIS_ERR_EOF].contains(context.pointee.err) else { return nil }
        return TLSSession.error.map { "TLS: \($0)" }
    }
}
