import Encoding
import Foundation
import RabbitMQ

/// The headers of every dead letter that Longhaul publishes. Texts have no control characters and at most 255 bytes (the explanation:
/// 1024). Times are RFC 3339 in UTC with milliseconds; the AMQP property `timestamp` repeats the last failure in whole seconds.
///
/// | header | type | what |
/// |---|---|---|
/// | `x-longhaul-kind` | string | `message` (it could not be handled), `job` (it ended FAILED), `file` (it used up its attempts) or `webhook` (it was not delivered) |
/// | `x-longhaul-reason` | string | a stable code: `not-json`, `http-403`, `checksum-mismatch` |
/// | `x-longhaul-explanation` | string | the error message |
/// | `x-longhaul-queue` | string | the queue that the work came from or belongs to |
/// | `x-longhaul-exchange`, `x-longhaul-routing-key` | string | the exchange and routing key of the original message |
/// | `x-longhaul-provider`, `x-longhaul-job` | string | the provider and the job id, if known |
/// | `x-longhaul-attempts` | integer | the number of attempts |
/// | `x-longhaul-first-failure`, `x-longhaul-last-failure` | string | the times of the first and the last failure |
/// | `x-longhaul-truncated` | boolean | whether the body is only the first bytes of a larger one |
struct DeadLetterHeaders {
    var kind: String
    var reason: String
    var explanation: String
    var queue: String
    var exchange = ""
    var routingKey: String
    var provider: String?
    var job: String?
    var attempts: Int
    var firstFailure: Date
    var lastFailure: Date

    static let longestText = 255
    static let longestExplanation = 1024

    func write(to properties: inout MessageProperties) {
        func set(_ name: String, _ text: String?, atMost limit: Int = Self.longestText) {
            guard let text = text.map({ PrintableText.line($0, atMost: limit) }) else { return }
            properties.headers[name] = .string(text)
        }
        set(DeadLetter.kindHeader, kind)
        set(DeadLetter.reasonHeader, reason)
        set(DeadLetter.explanationHeader, explanation, atMost: Self.longestExplanation)
        set(DeadLetter.queueHeader, queue)
        set(DeadLetter.exchangeHeader, exchange)
        set(DeadLetter.routingKeyHeader, routingKey)
        set(DeadLetter.providerHeader, provider)
        set(DeadLetter.jobHeader, job)
        set(DeadLetter.firstFailureHeader, FailureTime.text(firstFailure))
        set(DeadLetter.lastFailureHeader, FailureTime.text(lastFailure))
        properties.headers[DeadLetter.attemptsHeader] = .integer(Int64(attempts))
        properties.timestamp = UInt64(max(0, lastFailure.timeIntervalSince1970))
    }
}

/// The time of a failure in a header.
enum FailureTime {
    static func text(_ date: Date) -> String { UTCTime(date).timestamp }

    /// RFC 3339 with or without a fraction, or an AMQP timestamp; `nil` for anything else, and for an
    /// AMQP timestamp after the year 2514.
    static func date(_ value: AMQPValue?) -> Date? {
        switch value {
        case .string(let text) where text.utf8.count <= 40:
            return UTCTime(text).map { Date(timeIntervalSince1970: Double($0.milliseconds) / 1000) }
        case .timestamp(let seconds) where seconds < 1 << 34: return Date(timeIntervalSince1970: Double(seconds))
        default: return nil
        }
    }
}

extension UTCTime {
    /// Rounded to the nearest millisecond.
    public init(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        self.init(milliseconds: Int64(exactly: milliseconds) ?? (milliseconds < 0 ? .min : .max))
    }
}
