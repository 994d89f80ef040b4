import Encoding
import Foundation
import RabbitMQ

/// The headers that every dead letter of Longhaul's carries. Texts have no control characters and at most 1024 bytes (the explanation)
/// or 255; times are RFC 3339 in UTC with milliseconds, and the last failure is the AMQP property `timestamp` too, in whole seconds.
///
/// | header | type | what |
/// |---|---|---|
/// | `x-longhaul-kind` | string | `message` (nobody could handle it), `job` (it ended FAILED) or `file` (it used up its attempts) |
/// | `x-longhaul-reason` | string | a stable code: `not-json`, `http-403`, `checksum-mismatch` |
/// | `x-longhaul-explanation` | string | the error in words |
/// | `x-longhaul-queue` | string | the queue that the work came from, or belongs to |
/// | `x-longhaul-exchange`, `x-longhaul-routing-key` | string | how it was published there |
/// | `x-longhaul-provider`, `x-longhaul-job` | string | where they are known |
/// | `x-longhaul-attempts` | integer | how often it was tried |
/// | `x-longhaul-first-failure`, `x-longhaul-last-failure` | string | times |
/// | `x-longhaul-truncated` | boolean | the body is the beginning of a larger one |
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

    /// RFC 3339 with or without a fraction, or an AMQP timestamp; `nil` for anything else, and for times that no clock has shown.
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
