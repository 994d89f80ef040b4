import CHiredis
import Glibc

/// Owns a logged-in, non-blocking hiredis context. hiredis buffers and parses; the event thread polls the socket.
final class RedisConnection {
    /// The hiredis handle. Only `Login` uses it besides this type, while it is the sole owner.
    let context: UnsafeMutablePointer<redisContext>
    private var tls: TLSSession?

    /// Takes ownership of the context and frees it on deinit.
    init(adopting context: UnsafeMutablePointer<redisContext>) { self.context = context }

    deinit { redisFree(context) }

    var descriptor: Int32 { context.pointee.fd }

    /// Switches to TLS. Call it while the context blocks and before anything is sent.
    func startTLS(with host: String, _ tls: TLSContext) throws(TLSFailure) {
        self.tls = try TLSSession.start(context, with: host, tls)
    }

    struct Failure: Error {
        let text: String
        /// Whether hiredis cannot parse the received bytes.
        let isUnreadable: Bool
    }

    func append(_ command: ArraySlice<UInt8>) throws(Failure) {
        let status = command.withUnsafeBytes { bytes in
            redisAppendFormattedCommand(context, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard status == REDIS_OK else { throw failure }
    }

    /// Writes appended bytes as far as the socket accepts them; returns `true` when all are written.
    func write() throws(Failure) -> Bool {
        var isDone: Int32 = 0
        if tls != nil { TLSSession.forgetErrors() }
        guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw failure }
        return isDone == 1
    }

    /// Reads once; returns `true` if more may be readable at once.
    func read() throws(Failure) -> Bool {
        let before = context.pointee.reader.pointee.len
        if tls != nil { TLSSession.forgetErrors() }
        guard redisBufferRead(context) == REDIS_OK else { throw failure }
        // hiredis reads at most 16 KiB at a time.
        return holdsInput || context.pointee.reader.pointee.len >= before + 16_384
    }

    /// Whether input is buffered that polling the socket does not report.
    var holdsInput: Bool { tls?.holdsInput ?? false }

    /// The next complete reply.
    func nextReply() throws(Failure) -> RESPValue? {
        var reply: UnsafeMutableRawPointer?
        guard redisGetReplyFromReader(context, &reply) == REDIS_OK else { throw failure }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return RESPValue(reply.assumingMemoryBound(to: redisReply.self))
    }

    private var failure: Failure {
        let error = context.pointee.err
        // The text of an I/O error comes from errno, which may have changed since; hiredis has kept it.
        let text = tlsError ?? String(cString: shim_redis_error(context))
        return Failure(text: text, isUnreadable: error == REDIS_ERR_PROTOCOL)
    }

    /// OpenSSL's error in the call that just failed, if it was a TLS error: hiredis reports only errno, and treats an alert from
    /// the server as end of file.
    var tlsError: String? {
        guard tls != nil, [REDIS_ERR_IO, REDIS_ERR_EOF].contains(context.pointee.err) else { return nil }
        return TLSSession.error.map { "TLS: \($0)" }
    }
}
