import CRabbitMQ
import Glibc

/// Sending never blocks if the caller checks `isWritable` before each frame and each frame has at most about `sendChunk` bytes.
extension AMQPConnection {
    var isWritable: Bool {
        if sendBudget > 0 { return true }
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        // An error counts as writable: the next send reports it.
        guard poll(&descriptor, 1, 0) > 0 else { return false }
        sendBudget = sendChunk
        return true
    }

    /// Lets the kernel combine the frames that `body` sends into full segments (librabbitmq sends each frame separately).
    func gathering<Value>(_ body: () -> Value) -> Value {
        Self.setOption(descriptor, Int32(IPPROTO_TCP), TCP_CORK, 1)
        defer { Self.setOption(descriptor, Int32(IPPROTO_TCP), TCP_CORK, 0) }
        return body()
    }

    /// - Parameter size: approximate size of the frame in bytes.
    func send<Fields>(
        _ method: amqp_method_number_t, on channel: amqp_channel_t, _ fields: Fields, size: Int = 64
    ) throws(RabbitMQError) {
        var fields = fields
        let status = withUnsafeMutablePointer(to: &fields) { amqp_send_method(state, channel, method, $0) }
        try sent(status, size)
    }

    func sendHeader(_ properties: amqp_basic_properties_t, bodySize: Int, on channel: amqp_channel_t, size: Int) throws(RabbitMQError) {
        var properties = properties
        let status = withUnsafeMutablePointer(to: &properties) {
            var frame = amqp_frame_t()
            frame.frame_type = UInt8(AMQP_FRAME_HEADER)
            frame.channel = channel
            frame.payload.properties.class_id = UInt16(AMQP_BASIC_CLASS)
            frame.payload.properties.body_size = UInt64(bodySize)
            frame.payload.properties.decoded = UnsafeMutableRawPointer($0)
            return amqp_send_frame(state, &frame)
        }
        try sent(status, size)
    }

    func sendBody(_ piece: UnsafeRawBufferPointer, on channel: amqp_channel_t) throws(RabbitMQError) {
        var frame = amqp_frame_t()
        frame.frame_type = UInt8(AMQP_FRAME_BODY)
        frame.channel = channel
        // librabbitmq only reads from it.
        frame.payload.body_fragment = amqp_bytes_t(len: piece.count, bytes: UnsafeMutableRawPointer(mutating: piece.baseAddress))
        try sent(amqp_send_frame(state, &frame), piece.count + 8)
    }

    func sendHeartbeat() throws(RabbitMQError) {
        var frame = amqp_frame_t()
        frame.frame_type = UInt8(AMQP_FRAME_HEARTBEAT)
        try sent(amqp_send_frame(state, &frame), 8)
    }

    /// The largest body fragment in one frame: type, channel, length and end octet take 8 bytes.
    var largestPiece: Int { min(sendChunk, frameMax - 8) }

    private func sent(_ status: Int32, _ size: Int) throws(RabbitMQError) {
        guard status == AMQP_STATUS_OK.rawValue else { throw lost(status) }
        sendBudget -= size
    }
}
