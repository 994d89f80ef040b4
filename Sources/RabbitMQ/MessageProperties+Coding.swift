import CRabbitMQ

extension MessageProperties {
    /// The properties for librabbitmq's encoder; valid until the arena is recycled.
    /// - Parameter publishedAt: whole seconds since 1970; for a message without a timestamp of its own.
    func encoded(in arena: Arena, publishedAt: UInt64) -> amqp_basic_properties_t {
        var result = amqp_basic_properties_t()
        func set(_ text: String?, _ flag: Int32, _ field: WritableKeyPath<amqp_basic_properties_t, amqp_bytes_t>) {
            guard let text else { return }
            result[keyPath: field] = arena.bytes(text)
            result._flags |= amqp_flags_t(bitPattern: flag)
        }
        set(messageID, AMQP_BASIC_MESSAGE_ID_FLAG, \.message_id)
        set(correlationID, AMQP_BASIC_CORRELATION_ID_FLAG, \.correlation_id)
        set(contentType, AMQP_BASIC_CONTENT_TYPE_FLAG, \.content_type)
        set(contentEncoding, AMQP_BASIC_CONTENT_ENCODING_FLAG, \.content_encoding)
        set(type, AMQP_BASIC_TYPE_FLAG, \.type)
        set(appID, AMQP_BASIC_APP_ID_FLAG, \.app_id)
        set(userID, AMQP_BASIC_USER_ID_FLAG, \.user_id)
        set(replyTo, AMQP_BASIC_REPLY_TO_FLAG, \.reply_to)
        set(expiration.map { String(max(0, Int64($0 / .milliseconds(1)))) }, AMQP_BASIC_EXPIRATION_FLAG, \.expiration)
        result.timestamp = timestamp ?? publishedAt
        result._flags |= amqp_flags_t(bitPattern: AMQP_BASIC_TIMESTAMP_FLAG)
        if let priority {
            result.priority = priority
            result._flags |= amqp_flags_t(bitPattern: AMQP_BASIC_PRIORITY_FLAG)
        }
        result.delivery_mode = isPersistent ? 2 : 1
        result._flags |= amqp_flags_t(bitPattern: AMQP_BASIC_DELIVERY_MODE_FLAG)
        if !headers.isEmpty {
            result.headers = arena.table(headers)
            result._flags |= amqp_flags_t(bitPattern: AMQP_BASIC_HEADERS_FLAG)
        }
        return result
    }

    /// Copies properties that librabbitmq decoded. The caller may release their memory afterwards.
    init(_ source: amqp_basic_properties_t) {
        let flags = Int32(bitPattern: source._flags)
        func text(_ flag: Int32, _ bytes: amqp_bytes_t) -> String? { flags & flag == 0 ? nil : String(bytes) }
        self.init(isPersistent: flags & AMQP_BASIC_DELIVERY_MODE_FLAG != 0 && source.delivery_mode == 2)
        messageID = text(AMQP_BASIC_MESSAGE_ID_FLAG, source.message_id)
        correlationID = text(AMQP_BASIC_CORRELATION_ID_FLAG, source.correlation_id)
        contentType = text(AMQP_BASIC_CONTENT_TYPE_FLAG, source.content_type)
        contentEncoding = text(AMQP_BASIC_CONTENT_ENCODING_FLAG, source.content_encoding)
        type = text(AMQP_BASIC_TYPE_FLAG, source.type)
        appID = text(AMQP_BASIC_APP_ID_FLAG, source.app_id)
        userID = text(AMQP_BASIC_USER_ID_FLAG, source.user_id)
        replyTo = text(AMQP_BASIC_REPLY_TO_FLAG, source.reply_to)
        expiration = text(AMQP_BASIC_EXPIRATION_FLAG, source.expiration).flatMap { Int64($0) }.map { .milliseconds($0) }
        if flags & AMQP_BASIC_TIMESTAMP_FLAG != 0 { timestamp = source.timestamp }
        if flags & AMQP_BASIC_PRIORITY_FLAG != 0 { priority = source.priority }
        if flags & AMQP_BASIC_HEADERS_FLAG != 0 { headers = AMQPValue.table(source.headers) }
    }
}
