import Foundation
import TestServers
import Testing

@testable import RabbitMQ

@Suite("The wait of a message")
struct MessageWaitTests {
    private static let now: UInt64 = 1_764_500_000

    private func wait(_ published: UInt64?, isRedelivered: Bool = false) -> Int64? {
        MessageWait.seconds(since: published, isRedelivered: isRedelivered, now: Self.now)
    }

    @Test("lasts from its publication to its delivery") func seconds() {
        #expect(wait(Self.now) == 0)
        #expect(wait(Self.now - 7200) == 7200)
    }

    @Test("is never negative, if the publisher's clock is ahead") func skew() {
        #expect(wait(Self.now + 1) == 0)
        #expect(wait(Self.now + 3600) == 0)
    }

    @Test("is unknown without a time of publication in seconds", arguments: [nil, 0, now + 3601, now * 1000, .max] as [UInt64?])
    func unknown(published: UInt64?) {
        #expect(wait(published) == nil)
    }

    @Test("is unknown of a message that was delivered before") func redelivered() {
        #expect(wait(Self.now - 10, isRedelivered: true) == nil)
    }

    @Test("is told by the publisher, unless the message has a time of its own", .needsServers) func published() async throws {
        try await Fixture.run { fixture in
            let publisher = try await fixture.publisher(), consumer = try await fixture.consumer()
            var own = fixture.message("own")
            own.properties.timestamp = 1_700_000_000
            let before = UInt64(Date().timeIntervalSince1970)
            #expect(try await publisher.publish(all: [fixture.message("none"), own]) == [.confirmed, .confirmed])
            let deliveries = try await consumer.collect(2)
            let told = try #require(deliveries[0].properties.timestamp)
            #expect((before...UInt64(Date().timeIntervalSince1970)).contains(told))
            #expect(deliveries[1].properties.timestamp == 1_700_000_000)
            await consumer.acknowledge(deliveries.map(\.tag))
            await consumer.shutdown()
            await publisher.shutdown()
        }
    }
}
