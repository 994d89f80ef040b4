import CCurl
import Glibc

// libcurl calls these functions on the client's thread, from within `Multi` and `EasyHandle.resume`. The context of a handle's
// callbacks is the handle, which outlives its transfer. The context of a socket's close is the multi handle, because idle
// connections outlive the handles that opened them.
extension EasyHandle {
    func setUpCallbacks(_ context: UnsafeMutableRawPointer) {
        note(shim_on_write(pointer, { EasyHandle.write($0, $1 * $2, $3) }, context))
        note(shim_on_header(pointer, { EasyHandle.header($0, $1 * $2, $3) }, context))
        note(shim_on_read(pointer, { EasyHandle.read($0, $1 * $2, $3) }, context))
        note(shim_on_seek(pointer, { context, offset, origin in EasyHandle.seek(context, Int(offset), origin) }, context))
        note(shim_on_open_socket(pointer, { context, _, address in EasyHandle.openSocket(context, address) }, context))
        note(shim_on_connected(pointer, { context, address, _, _, _ in EasyHandle.connected(context, address) }, context))
        note(
            shim_on_close_socket(
                pointer,
                { context, descriptor in
                    guard let context else { return 1 }
                    return Unmanaged<Multi>.fromOpaque(context).takeUnretainedValue().sockets.close(descriptor)
                }, Unmanaged.passUnretained(multi).toOpaque()))
    }

    private static func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context else { return nil }
        return Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue().transfer
    }

    private static func write(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int {
        guard let transfer = transfer(context) else { return 0 }
        switch transfer.receive(body: UnsafeRawBufferPointer(start: bytes, count: count)) {
        case .taken: return count
        case .pause: return shim_write_pause
        // Any count other than the given one is an error.
        case .giveUp: return count == 0 ? 1 : 0
        }
    }

    private static func header(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?) -> Int {
        guard let transfer = transfer(context) else { return 0 }
        return transfer.receive(header: UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
    }

    private static func read(_ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ context: UnsafeMutableRawPointer?) -> Int {
        guard let transfer = transfer(context), let upload = transfer.upload else { return shim_read_abort }
        switch upload.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity)) {
        case .bytes(let count):
            transfer.hasProgressed = true
            return count
        case .pause:
            return shim_read_pause
        case .end:
            return 0
        case .wrongLength:
            transfer.failure = transfer.error(.uploadSource, "the body's length differs from the announced \(upload.length ?? 0) bytes")
            return shim_read_abort
        }
    }

    /// libcurl rewinds the body to send a request again over a new connection if a kept connection is dead.
    private static func seek(_ context: UnsafeMutableRawPointer?, _ offset: Int, _ origin: Int32) -> Int32 {
        guard let upload = transfer(context)?.upload, offset == 0, upload.rewind() else { return CURL_SEEKFUNC_FAIL }
        return CURL_SEEKFUNC_OK
    }

    private static func openSocket(_ context: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<curl_sockaddr>?) -> Int32 {
        guard let context, let address else { return CURL_SOCKET_BAD }
        let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
        guard let transfer = handle.transfer, transfer.allows(IPAddress(address)) else {
            return CURL_SOCKET_BAD
        }
        return handle.multi.sockets.open(address)
    }

    /// The connection, new or kept, is open and the request is about to be sent.
    private static func connected(_ context: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<CChar>?) -> Int32 {
        guard let context else { return CURL_PREREQFUNC_ABORT }
        let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
        guard let transfer = handle.transfer else { return CURL_PREREQFUNC_ABORT }
        guard handle.allows(address, for: transfer) else { return CURL_PREREQFUNC_ABORT }
        // libcurl retries a request that was sent on a dead kept connection, whatever the method (libcurl 7.88,
        // Curl_retry_request).
        if transfer.phase == .sending, !transfer.request.isReplayable {
            transfer.failure = transfer.error(.connectionLost, "a kept connection died after the request was sent")
            return CURL_PREREQFUNC_ABORT
        }
        transfer.phase = .sending
        transfer.hasProgressed = true
        return CURL_PREREQFUNC_OK
    }
}

extension EasyHandle {
    /// Checks the address against the egress policy, unless the policy allowed the same address last time.
    fileprivate func allows(_ address: UnsafePointer<CChar>?, for transfer: Transfer) -> Bool {
        // By way of a proxy the address is the proxy's; the host was checked before.
        if transfer.egress == .all || transfer.proxy != nil { return true }
        guard let address else { return false }
        if let lastAllowed, lastAllowed.policy == transfer.egress, strcmp(lastAllowed.address, address) == 0 { return true }
        guard transfer.allows(IPAddress(String(cString: address))) else { return false }
        lastAllowed = (Array(UnsafeBufferPointer(start: address, count: strlen(address) + 1)), transfer.egress)
        return true
    }
}

extension Transfer {
    /// Checks the address against the egress policy, and records a refusal.
    fileprivate func allows(_ address: IPAddress?) -> Bool {
        if egress == .all || proxy != nil { return true }
        if let address, egress.allows(address) {
            refusal = nil
            return true
        }
        refusal = error(.refusedAddress, "the egress policy forbids \(address?.description ?? "the address")")
        return false
    }
}
