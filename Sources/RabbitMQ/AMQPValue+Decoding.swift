import CRabbitMQ
import Glibc

extension AMQPValue {
    /// Copies a field that librabbitmq decoded. The caller may release its memory afterwards.
    init(_ field: amqp_field_value_t, depth: Int = 0) {
        switch amqp_field_value_kind_t(UInt32(field.kind)) {
        case AMQP_FIELD_KIND_BOOLEAN: self = .boolean(field.value.boolean != 0)
        case AMQP_FIELD_KIND_I8: self = .integer(Int64(field.value.i8))
        case AMQP_FIELD_KIND_U8: self = .integer(Int64(field.value.u8))
        case AMQP_FIELD_KIND_I16: self = .integer(Int64(field.value.i16))
        case AMQP_FIELD_KIND_U16: self = .integer(Int64(field.value.u16))
        case AMQP_FIELD_KIND_I32: self = .integer(Int64(field.value.i32))
        case AMQP_FIELD_KIND_U32: self = .integer(Int64(field.value.u32))
        case AMQP_FIELD_KIND_I64: self = .integer(field.value.i64)
        case AMQP_FIELD_KIND_U64: self = .integer(Int64(clamping: field.value.u64))
        case AMQP_FIELD_KIND_F32: self = .double(Double(field.value.f32))
        case AMQP_FIELD_KIND_F64: self = .double(field.value.f64)
        case AMQP_FIELD_KIND_DECIMAL:
            self = .double(Double(field.value.decimal.value) / pow(10, Double(field.value.decimal.decimals)))
        case AMQP_FIELD_KIND_UTF8: self = Self.text(field.value.bytes)
        case AMQP_FIELD_KIND_BYTES: self = .bytes([UInt8](field.value.bytes.buffer))
        case AMQP_FIELD_KIND_TIMESTAMP: self = .timestamp(field.value.u64)
        case AMQP_FIELD_KIND_ARRAY where depth < Self.depthLimit:
            let array = field.value.array
            self = .array(UnsafeBufferPointer(start: array.entries, count: Int(array.num_entries)).map { AMQPValue($0, depth: depth + 1) })
        case AMQP_FIELD_KIND_TABLE where depth < Self.depthLimit:
            self = .table(Self.table(field.value.table, depth: depth + 1))
        default: self = .null
        }
    }

    static func table(_ table: amqp_table_t, depth: Int = 0) -> [String: AMQPValue] {
        var result: [String: AMQPValue] = [:]
        result.reserveCapacity(Int(table.num_entries))
        for entry in UnsafeBufferPointer(start: table.entries, count: Int(table.num_entries)) {
            result[String(entry.key)] = AMQPValue(entry.value, depth: depth + 1)
        }
        return result
    }

    private static func text(_ bytes: amqp_bytes_t) -> AMQPValue {
        String(validating: bytes.buffer, as: UTF8.self).map { .string($0) } ?? .bytes([UInt8](bytes.buffer))
    }
}

extension amqp_bytes_t {
    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: len) }
}

extension String {
    /// Bytes that are not UTF-8 become U+FFFD.
    init(_ bytes: amqp_bytes_t) { self.init(decoding: bytes.buffer, as: UTF8.self) }

    /// Returns `previous` if it holds the same bytes, which saves an allocation: names repeat from message to message.
    static func reusing(_ previous: String, _ bytes: amqp_bytes_t) -> String {
        let isSame: Bool? = previous.utf8.withContiguousStorageIfAvailable {
            $0.elementsEqual(bytes.buffer)
        }
        return isSame == true ? previous : String(bytes)
    }
}
