import CRabbitMQ
import Glibc

/// Memory for the C structures of one frame, in librabbitmq's pool. Strings and tables are copied in, used by the encoder, and
/// recycled together, so that sending allocates nothing.
final class Arena {
    // The pool must not move: librabbitmq keeps pointers into it.
    private let pool: UnsafeMutablePointer<amqp_pool_t>

    init() {
        pool = .allocate(capacity: 1)
        init_amqp_pool(pool, 16384)
    }

    deinit {
        empty_amqp_pool(pool)
        pool.deallocate()
    }

    func recycle() { recycle_amqp_pool(pool) }

    func bytes(_ text: String) -> amqp_bytes_t {
        var text = text
        return text.withUTF8 { bytes(UnsafeRawBufferPointer($0)) }
    }

    func bytes(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
        guard let start = source.baseAddress, source.count > 0 else { return amqp_empty_bytes }
        let copy = raw(source.count)
        memcpy(copy, start, source.count)
        return amqp_bytes_t(len: source.count, bytes: copy)
    }

    func table(_ entries: [String: AMQPValue]) -> amqp_table_t {
        guard !entries.isEmpty else { return amqp_empty_table }
        let start = raw(entries.count * MemoryLayout<amqp_table_entry_t>.stride)
            .bindMemory(to: amqp_table_entry_t.self, capacity: entries.count)
        for (index, entry) in entries.enumerated() {
            start[index] = amqp_table_entry_t(key: bytes(entry.key), value: field(entry.value))
        }
        return amqp_table_t(num_entries: Int32(entries.count), entries: start)
    }

    private func array(_ elements: [AMQPValue]) -> amqp_array_t {
        guard !elements.isEmpty else { return amqp_empty_array }
        let start = raw(elements.count * MemoryLayout<amqp_field_value_t>.stride)
            .bindMemory(to: amqp_field_value_t.self, capacity: elements.count)
        for (index, element) in elements.enumerated() { start[index] = field(element) }
        return amqp_array_t(num_entries: Int32(elements.count), entries: start)
    }

    private func field(_ value: AMQPValue) -> amqp_field_value_t {
        var field = amqp_field_value_t()
        func set(_ kind: amqp_field_value_kind_t) { field.kind = UInt8(kind.rawValue) }
        switch value {
        case .null: set(AMQP_FIELD_KIND_VOID)
        case .boolean(let flag):
            set(AMQP_FIELD_KIND_BOOLEAN)
            field.value.boolean = flag ? 1 : 0
        case .integer(let number):
            set(AMQP_FIELD_KIND_I64)
            field.value.i64 = number
        case .double(let number):
            set(AMQP_FIELD_KIND_F64)
            field.value.f64 = number
        case .string(let text):
            set(AMQP_FIELD_KIND_UTF8)
            field.value.bytes = bytes(text)
        case .bytes(let content):
            set(AMQP_FIELD_KIND_BYTES)
            field.value.bytes = content.withUnsafeBytes { bytes($0) }
        case .timestamp(let seconds):
            set(AMQP_FIELD_KIND_TIMESTAMP)
            field.value.u64 = seconds
        case .array(let elements):
            set(AMQP_FIELD_KIND_ARRAY)
            field.value.array = array(elements)
        case .table(let entries):
            set(AMQP_FIELD_KIND_TABLE)
            field.value.table = table(entries)
        }
        return field
    }

    private func raw(_ count: Int) -> UnsafeMutableRawPointer {
        // The pool returns nil only if malloc does, which Linux does not do at these sizes. Swift's own allocations also end the
        // process in that case.
        guard let memory = amqp_pool_alloc(pool, count) else { preconditionFailure("out of memory") }
        return memory
    }
}
