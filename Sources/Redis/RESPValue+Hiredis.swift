import CHiredis

extension RESPValue {
    /// Copies a hiredis reply, each byte once. The depth is bounded by hiredis' reader (0.14), or by what the server's scripts
    /// nest.
    init(_ reply: UnsafePointer<redisReply>) {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING: self = .string(Array(Self.bytes(of: reply)))
        case REDIS_REPLY_STATUS: self = .status(String(decoding: Self.bytes(of: reply), as: UTF8.self))
        case REDIS_REPLY_INTEGER: self = .integer(reply.pointee.integer)
        case REDIS_REPLY_NIL: self = .null
        case REDIS_REPLY_ERROR: self = .error(RedisServerError(line: String(decoding: Self.bytes(of: reply), as: UTF8.self)))
        case REDIS_REPLY_ARRAY:
            self = .array(
                UnsafeBufferPointer(start: reply.pointee.element, count: reply.pointee.elements).map { element in
                    element.map { RESPValue($0) } ?? .null
                })
        default:
            self = .error(RedisServerError(code: "ERR", message: "reply type \(reply.pointee.type) is not one of RESP2"))
        }
    }

    private static func bytes(of reply: UnsafePointer<redisReply>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: reply.pointee.str, count: reply.pointee.len)
    }
}
