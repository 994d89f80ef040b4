/// Called by libcurl's callbacks. False makes libcurl abort; `failure` then gives the reason, except for a redirect whose body is
/// not needed.
extension Transfer {
    enum Reception { case taken, pause, giveUp }

    func receive(header line: UnsafeRawBufferPointer) -> Bool {
        hasProgressed = true
        phase = .receiving
        // The trailer of a chunked body; libcurl limits its size.
        if isHeadComplete { return true }
        if line.starts(with: "HTTP/".utf8) {
            headers.removeAll()
            status = Self.status(of: line)
            return true
        }
        if line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n") { return endHead() }
        guard headers.byteCount + line.count <= maxHeaderBytes else {
            failure = error(.tooLarge, "the header is longer than \(maxHeaderBytes) bytes")
            return false
        }
        headers.append(line: line)
        return true
    }

    private func endHead() -> Bool {
        // 100, 102 and 103 precede the final response.
        if status < 200 { return true }
        isHeadComplete = true
        if isRedirect { return true }
        if isStream {
            touch()
        } else if let length = headers.contentLength, length > 0, request.method != .head {
            guard length <= Int64(maxBodyBytes) else { return tooLarge() }
            body.reserveCapacity(min(Int(length), 1 << 20))
        }
        return true
    }

    func receive(body bytes: UnsafeRawBufferPointer) -> Reception {
        hasProgressed = true
        if isRedirect {
            receivedBytes += bytes.count
            return receivedBytes <= Self.longestDiscarded ? .taken : .giveUp
        }
        if isStream, body.count >= Self.highWater {
            isPaused = true
            return .pause
        }
        guard bytes.count <= maxBodyBytes - receivedBytes else {
            _ = tooLarge()
            return .giveUp
        }
        receivedBytes += bytes.count
        body.append(contentsOf: bytes)
        if isStream { touch() }
        return .taken
    }

    private func tooLarge() -> Bool {
        failure = error(.tooLarge, "the body is longer than \(maxBodyBytes) bytes")
        return false
    }

    private func touch() {
        guard !isTouched else { return }
        isTouched = true
        handle?.touched(self)
    }

    /// The number after the first space of `HTTP/1.1 200 OK`.
    private static func status(of line: UnsafeRawBufferPointer) -> Int {
        line.drop { $0 != UInt8(ascii: " ") }.dropFirst().prefix(while: \.isDigit).prefix(3).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
