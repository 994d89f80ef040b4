import CRabbitMQ

/// Assembles a message from its frames: method, header and body fragments (AMQP 0-9-1, section 4.2.6). Each body is copied once.
struct IncomingContent<Method> {
    private var method: Method?
    private var properties = MessageProperties()
    private var body: [UInt8] = []
    private var size: UInt64 = 0
    private var seen: UInt64 = 0
    private var limit = 0

    struct Content {
        var properties: MessageProperties
        var body: [UInt8]
        /// The size of the whole body in bytes; `body` is cut at the limit.
        var size: UInt64
    }

    mutating func begin(_ method: Method) {
        self = IncomingContent()
        self.method = method
    }

    /// Both return whether the message is complete.
    mutating func header(_ frame: amqp_frame_t, limit: Int) -> Bool {
        guard method != nil else { return false }
        size = frame.payload.properties.body_size
        self.limit = limit
        if let decoded = frame.payload.properties.decoded {
            properties = MessageProperties(decoded.assumingMemoryBound(to: amqp_basic_properties_t.self).pointee)
        }
        return size == 0
    }

    mutating func body(_ frame: amqp_frame_t) -> Bool {
        guard method != nil else { return false }
        let piece = frame.payload.body_fragment.buffer
        seen += UInt64(piece.count)
        let kept = UnsafeRawBufferPointer(rebasing: piece.prefix(limit - body.count))
        if body.isEmpty, seen == size {
            body = [UInt8](kept)
        } else {
            if body.isEmpty { body.reserveCapacity(Int(min(size, UInt64(limit)))) }
            body.append(contentsOf: kept)
        }
        return seen >= size
    }

    mutating func take() -> (Method, Content)? {
        guard let method else { return nil }
        defer { self = IncomingContent() }
        return (method, Content(properties: properties, body: body, size: size))
    }
}
