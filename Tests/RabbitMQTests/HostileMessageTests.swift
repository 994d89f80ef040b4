import CRabbitMQ
import EventThread
import TestServers
import Testing

@testable import RabbitMQ

@Suite("Malicious messages", .needsServers, .timeLimit(.minutes(1)))
struct HostileMessageTests {
    @Test("headers nested 10,000 levels deep are received up to the limit, and the next message is received normally")
    func nestedHeaders() async throws {
        try await Fixture.run { fixture in
            let consumer = try await fixture.consumer()
            let queue = fixture.queue
            let configuration = fixture.configuration
            // The publisher rejects such headers, so the library itself sends them.
            try await Pthread.run("hostile") {
                let connection = try AMQPConnection.open(configuration, name: "hostile").connection
                amqp_channel_open(connection.state, 1)
                let pool = UnsafeMutablePointer<amqp_pool_t>.allocate(capacity: 1)
                init_amqp_pool(pool, 16384)
                defer {
                    empty_amqp_pool(pool)
                    pool.deallocate()
                }
                var table = amqp_empty_table
                for _ in 0..<10_000 {
                    let memory = try #require(amqp_pool_alloc(pool, MemoryLayout<amqp_table_entry_t>.size))
                    let entry = memory.bindMemory(to: amqp_table_entry_t.self, capacity: 1)
                    entry.pointee.key = connection.arena.bytes("a")
                    entry.pointee.value.kind = UInt8(AMQP_FIELD_KIND_TABLE.rawValue)
                    entry.pointee.value.value.table = table
                    table = amqp_table_t(num_entries: 1, entries: entry)
                }
                var properties = amqp_basic_properties_t()
                properties._flags = amqp_flags_t(bitPattern: AMQP_BASIC_HEADERS_FLAG)
                properties.headers = table
                let status = amqp_basic_publish(
                    connection.state, 1, amqp_empty_bytes, connection.arena.bytes(queue), 0, 0, &properties, connection.arena.bytes("deep"))
                #expect(status == AMQP_STATUS_OK.rawValue)
                #expect(amqp_connection_close(connection.state, AMQP_REPLY_SUCCESS).reply_type == AMQP_RESPONSE_NORMAL)
            }
            let deep = try #require(try await within(.seconds(10), "the message") { try await consumer.next(atMost: 1) }.first)
            #expect(deep.text == "deep")
            var depth = 0
            var value = deep.properties.headers["a"]
            while case .table(let inner)? = value {
                depth += 1
                value = inner["a"]
            }
            #expect(depth > 5)
            #expect(depth <= AMQPValue.depthLimit)
            let publisher = try await fixture.publisher()
            #expect(try await publisher.publish(fixture.message("next")) == .confirmed)
            #expect(try await consumer.next(atMost: 1).map(\.text) == ["next"])
            await consumer.shutdown()
            await publisher.shutdown()
        }
    }
}
