import Testing

@testable import RabbitMQ

@Suite("Errors")
struct ErrorTests {
    @Test("a PRECONDITION_FAILED is parsed")
    func precondition() {
        let failure = PreconditionFailure(
            brokerText:
                "PRECONDITION_FAILED - inequivalent arg 'x-max-length' for queue 'longhaul.checks' in vhost '/': "
                + "received '10' but current is '20'")
        #expect(failure.object == "queue")
        #expect(failure.name == "longhaul.checks")
        #expect(failure.argument == "x-max-length")
        #expect(failure.received == "10")
        #expect(failure.current == "20")
        let missing = PreconditionFailure(
            brokerText:
                "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'e' in vhost '/': "
                + "received none but current is the value 'x'")
        #expect(missing.object == "exchange")
        #expect(missing.received == "none")
        #expect(PreconditionFailure(brokerText: "PRECONDITION_FAILED - unknown delivery tag 7").argument == nil)
    }

    @Test("the broker's codes are distinguished by what helps")
    func codes() {
        func error(_ code: Int) -> RabbitMQError { .closed(code: code, text: "", attempted: "testing", endpoint: nil) }
        #expect(error(403).kind == .accessRefused)
        #expect(error(404).kind == .notFound)
        #expect(error(320).isRetriable)
        #expect(!error(403).isRetriable)
        #expect(!error(406).isRetriable)
    }

    @Test("a message that cannot be encoded is rejected before it is sent")
    func flaws() {
        func problem(_ change: (inout OutgoingMessage) -> Void) -> String? {
            var message = OutgoingMessage(routingKey: "q", body: [1])
            change(&message)
            return message.problem(maxBytes: 10)
        }
        var deep = AMQPValue.integer(1)
        for _ in 0..<20 { deep = .array([deep]) }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.body = Array(repeating: 0, count: 11) } != nil)
        #expect(problem { $0.routingKey = String(repeating: "k", count: 256) } != nil)
        #expect(problem { $0.properties.messageID = String(repeating: "k", count: 256) } != nil)
        #expect(problem { $0.properties.headers["deep"] = deep } != nil)
        #expect(problem { $0.properties.headers["long"] = .string(String(repeating: "v", count: 70_000)) } != nil)
        #expect(problem { $0.properties.headers[String(repeating: "n", count: 200)] = 1 } != nil)
    }
}
