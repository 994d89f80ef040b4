import Crypto
import Encoding
import ExportCore
import Foundation
import RabbitMQ

/// What a dead letter is about.
public enum DeadLetterKind: String, Sendable, CaseIterable {
    /// A message that Longhaul could not handle and dead-lettered.
    case message
    /// A message that the broker dead-lettered: delivered too often, rejected or expired.
    case broker
    /// A job that ended FAILED.
    case job
    /// A file or a manifest that used up its attempts.
    case file
    /// A webhook message that was not delivered.
    case webhook
}

/// A decoded message of a dead-letter queue. Its content is untrusted: texts are bounded and have no control characters, and a
/// value that is missing or has the wrong type is `nil`.
public struct DeadLetterRecord: Sendable, Equatable {
    /// 12 hexadecimal digits, the same each time the letter is read: a prefix of the SHA-256 of queue, message id, last failure and
    /// body. Equal letters have the same id.
    public var id: String
    /// The dead-letter queue that holds it.
    public var queue: String
    public var kind: DeadLetterKind
    public var reason: String
    public var explanation: String
    /// The queue that the work came from or belongs to.
    public var originalQueue: String?
    public var originalExchange: String?
    public var originalRoutingKey: String?
    public var provider: String?
    public var job: JobID?
    public var attempts: Int?
    public var firstFailure: Date?
    public var lastFailure: Date?
    public var body: [UInt8]
    /// Whether the body is only the first bytes of a larger one.
    public var isTruncated: Bool
    public var properties: MessageProperties

    public init(_ delivery: Delivery) {
        let headers = delivery.properties.headers
        let subject = LetterSubject(of: delivery)
        queue = delivery.queue
        body = delivery.body
        properties = delivery.properties
        isTruncated = delivery.isTruncated || headers[DeadLetter.truncatedHeader] == .boolean(true)
        provider = Self.text(headers, DeadLetter.providerHeader) ?? subject.provider
        job = headers[DeadLetter.jobHeader]?.text.flatMap(JobID.init) ?? subject.job
        if let death = BrokerDeath(headers, in: delivery.queue) {
            kind = .broker
            reason = death.reason
            explanation = death.explanation
            originalQueue = death.queue
            originalExchange = death.exchange
            originalRoutingKey = death.routingKey
            attempts = death.attempts
            firstFailure = FailureTime.date(headers[DeadLetter.firstFailureHeader]) ?? death.time
            lastFailure = death.time
        } else {
            kind = headers[DeadLetter.kindHeader]?.text.flatMap(DeadLetterKind.init) ?? .message
            reason = Self.text(headers, DeadLetter.reasonHeader) ?? "unknown"
            explanation = Self.text(headers, DeadLetter.explanationHeader, atMost: DeadLetterHeaders.longestExplanation) ?? ""
            originalQueue = Self.text(headers, DeadLetter.queueHeader)
            // Empty: the default exchange.
            originalExchange = headers[DeadLetter.exchangeHeader]?.text.map {
                PrintableText.line($0, atMost: DeadLetterHeaders.longestText)
            }
            originalRoutingKey = Self.text(headers, DeadLetter.routingKeyHeader)
            attempts = headers[DeadLetter.attemptsHeader]?.integer.flatMap { (0...Int64(Int32.max)).contains($0) ? Int($0) : nil }
            lastFailure =
                FailureTime.date(headers[DeadLetter.lastFailureHeader])
                ?? FailureTime.date(delivery.properties.timestamp.map { .timestamp($0) })
            firstFailure = FailureTime.date(headers[DeadLetter.firstFailureHeader]) ?? lastFailure
        }
        id = ""
        id = fingerprint(Int(clamping: delivery.bodySize))
    }

    private func fingerprint(_ bodySize: Int) -> String {
        var hash = SHA256()
        let failure = lastFailure.map(FailureTime.text) ?? ""
        // With their lengths, different fields never give the same input.
        for field in [queue, properties.messageID ?? "", failure] { hash.update(data: Data("\(field.utf8.count):\(field)".utf8)) }
        hash.update(data: Data("\(bodySize):".utf8))
        hash.update(data: body)
        return Hexadecimal.text(hash.finalize().prefix(6))
    }

    private static func text(_ headers: [String: AMQPValue], _ name: String, atMost limit: Int = DeadLetterHeaders.longestText) -> String? {
        guard let text = headers[name]?.text, !text.isEmpty else { return nil }
        return PrintableText.line(text, atMost: limit)
    }
}
