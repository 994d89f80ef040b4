import ExportCore
import Foundation
import Testing

@testable import JobMessages
@testable import RabbitMQ

/// A message as a browser of `queue` finds it.
private func found(_ message: OutgoingMessage, in queue: String? = nil) -> Delivery {
    Delivery(
        queue: queue ?? message.routingKey, exchange: "", routingKey: message.routingKey, body: message.body,
        properties: message.properties,
        isRedelivered: false, tag: DeliveryTag(index: 0, generation: 0, number: 1), bodySize: UInt64(message.body.count))
}

private func found(_ body: String, _ headers: [String: AMQPValue], in queue: String = QueueNames.deadJobs) -> DeadLetterRecord {
    DeadLetterRecord(found(OutgoingMessage(routingKey: queue, body: Array(body.utf8), properties: MessageProperties(headers: headers))))
}

private let noon = Date(timeIntervalSince1970: 1_764_000_000.25)

private func exportJob(traceparent: String = "00-1-2-01") throws -> JobRequest {
    JobRequest(
        id: try #require(JobID("orders-1")), provider: "acme", parameters: #"{"report":"orders"}"#, priority: .high, tenant: "t",
        correlationID: "c-1", webhook: "https://example.org/hook", traceparent: traceparent)
}

@Suite("A dead letter") struct DeadLetterTests {
    @Test("about a message says who put it away, why, and where it came from") func message() throws {
        let original = OutgoingMessage(
            routingKey: QueueNames.jobs(.low), body: Array(#"{"provider":"nobody","exportJobId":"a-1"}"#.utf8),
            properties: MessageProperties(
                messageID: "a-1", correlationID: "c", appID: "shop", headers: ["traceparent": "00-1-2-01", "CC": ["x"]]))
        let error = JobMessageError(code: "unknown-provider", message: "provider nobody is unknown")
        let outgoing = DeadLetter(found(original), error, at: noon).outgoing(to: QueueNames.deadJobs)
        #expect(outgoing.routingKey == QueueNames.deadJobs)
        #expect(outgoing.properties.headers["traceparent"] == "00-1-2-01")
        #expect(outgoing.properties.headers["CC"] == nil)
        #expect(outgoing.properties.timestamp == 1_764_000_000)
        let letter = DeadLetterRecord(found(outgoing))
        #expect(letter.kind == .message)
        #expect(letter.reason == "unknown-provider")
        #expect(letter.explanation == "provider nobody is unknown")
        #expect(letter.originalQueue == QueueNames.jobs(.low))
        #expect(letter.originalExchange == "")
        #expect(letter.originalRoutingKey == QueueNames.jobs(.low))
        #expect(letter.provider == "nobody")
        #expect(letter.job == JobID("a-1"))
        #expect(letter.attempts == 1)
        #expect(letter.firstFailure == noon)
        #expect(letter.lastFailure == noon)
    }

    @Test("about a message that was put back goes on counting") func again() throws {
        let error = JobMessageError(code: "not-json", message: "no")
        let first = DeadLetter(found(OutgoingMessage(routingKey: QueueNames.jobs(.normal), body: [1])), error, at: noon)
        let redriven = DeadLetterRecord(found(first.outgoing(to: QueueNames.deadJobs))).redriven
        #expect(redriven.routingKey == QueueNames.jobs(.normal))
        #expect(redriven.body == [1])
        #expect(redriven.properties.headers[DeadLetter.reasonHeader] == nil)
        let letter = DeadLetterRecord(found(DeadLetter(found(redriven), error, at: noon + 60).outgoing(to: QueueNames.deadJobs)))
        #expect(letter.attempts == 2)
        #expect(letter.firstFailure == noon)
        #expect(letter.lastFailure == noon + 60)
    }

    @Test("about a job holds the job's message again") func job() throws {
        let job = try exportJob()
        let outgoing = DeadLetter.failedJob(
            job, error: JobError(code: "http-403", message: "POST /exports answered 403"), attempts: 6, firstFailure: noon - 90,
            lastFailure: noon)
        #expect(outgoing.routingKey == QueueNames.deadJobs)
        #expect(outgoing.properties.isPersistent)
        #expect(outgoing.properties.headers["traceparent"] == "00-1-2-01")
        let letter = DeadLetterRecord(found(outgoing))
        #expect(letter.kind == .job)
        #expect(letter.reason == "http-403")
        #expect(letter.originalQueue == QueueNames.jobs(.high))
        #expect(letter.provider == "acme")
        #expect(letter.job == job.id)
        #expect(letter.attempts == 6)
        #expect(letter.firstFailure == noon - 90)
        #expect(letter.lastFailure == noon)
        let trace = JobMessage.Envelope(traceparent: job.traceparent)
        #expect(try JobMessage.decode(letter.body, trace) == job)
        #expect(letter.holdsJobMessage)
        #expect(letter.redriven.routingKey == QueueNames.jobs(.high))
        #expect(letter.redriven.properties.messageID == "orders-1")
    }

    @Test("about a file holds the download message again") func file() throws {
        let job = try exportJob()
        let message = DownloadMessage(id: job.id, task: .file(3, token: nil), correlationID: "c-1")
        let failure = Failure(.corrupt, code: "checksum-mismatch", message: "orders.csv: promised ab, got cd")
        let outgoing = DeadLetter.failedFile(message, request: job, failure: failure, attempts: 5, firstFailure: nil, lastFailure: noon)
        #expect(outgoing.routingKey == QueueNames.deadDownloads)
        let letter = DeadLetterRecord(found(outgoing))
        #expect(letter.kind == .file)
        #expect(letter.reason == "checksum-mismatch")
        #expect(letter.originalQueue == QueueNames.downloads(.high))
        #expect(letter.firstFailure == noon)
        #expect(letter.attempts == 5)
        #expect(letter.provider == "acme")
        #expect(try DownloadMessage(body: letter.body) == message)
        #expect(!letter.holdsJobMessage)
    }

    @Test("has bounded headers without control characters") func bounds() throws {
        let job = try exportJob(traceparent: "00-1\r\nx")
        let error = JobError(code: "broken", message: "\u{1B}[31mred\n\u{202E}" + String(repeating: "ü", count: 10_000))
        let outgoing = DeadLetter.failedJob(job, error: error, attempts: 1, firstFailure: nil, lastFailure: noon)
        let explanation = try #require(outgoing.properties.headers[DeadLetter.explanationHeader]?.text)
        #expect(explanation.hasPrefix(" [31mred  ü"))
        #expect((1023...1024).contains(explanation.utf8.count))
        #expect(outgoing.properties.headers["traceparent"] == "00-1  x")
    }

    @Test("has an id of its own that stays the same") func ids() throws {
        let job = try exportJob()
        func letter(_ code: String, _ at: Date) -> DeadLetterRecord {
            DeadLetterRecord(
                found(DeadLetter.failedJob(job, error: JobError(code: code, message: ""), attempts: 1, firstFailure: nil, lastFailure: at)))
        }
        #expect(letter("a", noon).id.count == 12)
        #expect(letter("a", noon).id == letter("a", noon).id)
        #expect(letter("a", noon).id != letter("a", noon + 0.001).id)
        #expect(found("x", [:]).id != found("x", [:], in: QueueNames.deadDownloads).id)
        #expect(found("x", [:]).id != found("y", [:]).id)
    }
}

@Suite("A dead letter of the broker's") struct BrokerDeathTests {
    private static func death(_ reason: AMQPValue, count: AMQPValue = 1) -> [String: AMQPValue] {
        [
            "x-death": [
                [
                    "count": count, "reason": reason, "queue": .string(QueueNames.jobs(.high)), "exchange": "",
                    "time": .timestamp(1_764_000_000),
                    "routing-keys": [.string(QueueNames.jobs(.high))],
                ]
            ]
        ]
    }

    @Test("is understood from x-death") func deliveryLimit() {
        let letter = found(#"{"provider":"acme","exportJobId":"a-1"}"#, Self.death("delivery_limit"))
        #expect(letter.kind == .broker)
        #expect(letter.reason == "delivery-limit")
        #expect(letter.attempts == 21)
        #expect(letter.originalQueue == QueueNames.jobs(.high))
        #expect(letter.originalRoutingKey == QueueNames.jobs(.high))
        #expect(letter.lastFailure == Date(timeIntervalSince1970: 1_764_000_000))
        #expect(letter.firstFailure == letter.lastFailure)
        #expect(letter.provider == "acme")
        #expect(letter.job == JobID("a-1"))
        #expect(letter.redriven.routingKey == QueueNames.jobs(.high))
    }

    @Test("tells other reasons too", arguments: ["rejected", "expired", "maxlen", "new-reason"])
    func reasons(reason: String) {
        let letter = found("x", Self.death(.string(reason)))
        #expect(letter.reason == reason)
        #expect(!letter.explanation.isEmpty)
    }
}

@Suite("A dead letter that means harm") struct HostileLetterTests {
    private static let values: [AMQPValue] = [
        .null, true, .integer(.min), .integer(.max), .double(.nan), "", "\u{1B}[2J", .string(String(repeating: "x", count: 100_000)),
        .bytes([0xFF]), .timestamp(.max), [], [:], [[]], [["queue": 1]],
        [["queue": "q", "count": .integer(.max), "reason": 7, "time": "x"]],
        [["queue": "q", "count": .integer(.min), "reason": "delivery_limit", "routing-keys": [1, []], "time": .timestamp(.max)]],
    ]
    private static let names = [
        "x-death", "x-delivery-count", DeadLetter.kindHeader, DeadLetter.reasonHeader, DeadLetter.explanationHeader, DeadLetter.queueHeader,
        DeadLetter.exchangeHeader, DeadLetter.routingKeyHeader, DeadLetter.providerHeader, DeadLetter.jobHeader, DeadLetter.attemptsHeader,
        DeadLetter.firstFailureHeader, DeadLetter.lastFailureHeader, DeadLetter.truncatedHeader,
    ]

    @Test("is read with what can be read of it", arguments: values)
    func headers(value: AMQPValue) {
        for name in Self.names {
            let letter = found("x", [name: value])
            for text in [
                letter.reason, letter.explanation, letter.originalQueue ?? "", letter.provider ?? "", letter.originalRoutingKey ?? "",
            ] {
                #expect(text.utf8.count <= 1024)
                #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 })
            }
            #expect((letter.attempts ?? 0) >= 0)
            #expect(letter.redriveQueue == QueueNames.jobs(.normal))
        }
        let all = found("x", Dictionary(uniqueKeysWithValues: Self.names.map { ($0, value) }))
        #expect(!all.id.isEmpty)
        // The one who puts a message away reads some of its headers.
        let message = OutgoingMessage(
            routingKey: QueueNames.jobs(.normal), body: [],
            properties: MessageProperties(headers: ["x-delivery-count": value, DeadLetter.attemptsHeader: value]))
        let outgoing = DeadLetter(found(message), JobMessageError(code: "not-json", message: "")).outgoing(to: QueueNames.deadJobs)
        #expect((1...2_000_001).contains(outgoing.properties.headers[DeadLetter.attemptsHeader]?.integer ?? 0))
    }

    @Test("and names a foreign queue is not sent there") func foreignQueue() {
        let letter = found("x", [DeadLetter.queueHeader: "payments"])
        #expect(letter.originalQueue == "payments")
        #expect(letter.redriveQueue == QueueNames.jobs(.normal))
        #expect(
            found("x", [DeadLetter.queueHeader: .string(QueueNames.jobs(.high))], in: QueueNames.deadDownloads).redriveQueue
                == QueueNames.downloads(.normal))
    }

    @Test("with deep nesting as its body is read", arguments: [#"{"provider":"#, "[", "{\"a\":"])
    func nesting(opening: String) {
        #expect(found(String(repeating: opening, count: 20_000), [:]).provider == nil)
    }
}

@Suite("The dead letter of a webhook message") struct WebhookLetterTests {
    private static func message(_ url: String?) throws -> WebhookMessage {
        WebhookMessage(
            id: "msg_0a", job: try #require(JobID("orders-1")), version: 9, provider: "acme", tenant: "t", correlationID: "c",
            status: .failed,
            createdAt: 1_764_000_000_000, endedAt: 1_764_000_100_000, files: 3, filesFailed: 1,
            error: JobError(code: "http-403", message: "\"no\"\t\n"), endpoint: url.map { .job(url: $0) } ?? .provider)
    }

    @Test("holds everything that sending it again needs", arguments: ["https://hooks.example.com/x?y=1", nil]) func whole(url: String?)
        throws
    {
        let message = try Self.message(url)
        let outgoing = WebhookLetter.outgoing(
            message, reason: "http-500", explanation: "answered 500", attempts: 10, firstFailure: noon - 90, lastFailure: noon)
        #expect(outgoing.routingKey == QueueNames.deadWebhooks && outgoing.properties.isPersistent)
        let letter = DeadLetterRecord(found(outgoing))
        #expect((letter.kind, letter.reason, letter.explanation, letter.attempts) == (.webhook, "http-500", "answered 500", 10))
        #expect((letter.provider, letter.job, letter.firstFailure, letter.lastFailure) == ("acme", message.job, noon - 90, noon))
        #expect(letter.properties.messageID == "msg_0a" && !letter.mayNameAnotherJob)
        #expect(WebhookLetter.message(letter.body) == message)
    }

    @Test(
        "gives nothing to send if somebody else has written it",
        arguments: [
            "", "{}", "[1]", #"{"webhookId":"msg_0a"}"#,
        ] + ["a.b", "", "a\\tb", "a\\n"].map { #"{"webhookId":"\#($0)",\#(rest)}"# }
            + [#"{"webhookId":"m",\#(rest),"url":"http://plain.example"}"#, #"{"webhookId":"m",\#(rest),"url":"file:///etc/passwd"}"#]
            + [
                #"{"webhookId":"m",\#(rest.replacing("FAILED", with: "POLLING"))}"#,
                #"{"webhookId":"m",\#(rest.replacing("orders", with: "a#b"))}"#,
            ])
    func hostile(body: String) {
        #expect(WebhookLetter.message(Array(body.utf8)) == nil)
        #expect(WebhookLetter.message(Array(#"{"webhookId":"m",\#(Self.rest)}"#.utf8)) != nil, "the rest is in order")
    }

    private static let rest =
        #""exportJobId":"orders","version":1,"provider":"p","tenant":"t","correlationId":"c","status":"FAILED","createdAt":1,"endedAt":2,"files":0,"filesFailed":0"#
}
