import Foundation
import JobMessages
import RabbitMQ

/// The full text of one letter.
struct LetterPage {
    let letter: DeadLetterRecord
    let now: Date
    var state: SolvedLetters.State?

    var text: String {
        let description = LetterDescription(letter: letter, now: now)
        let what =
            switch letter.kind {
            case .message: "a message that could not be handled"
            case .broker: "a message that the broker moved here"
            case .job: "a job that ended FAILED"
            case .file: "a file that used up its attempts"
            case .webhook: "a webhook message that was not delivered"
            }
        let fields: [(String, String?)] = [
            ("what", what), ("reason", Terminal.paint(letter.reason, .red)), ("explanation", letter.explanation), ("queue", letter.queue),
            ("from queue", letter.originalQueue), ("exchange", letter.originalExchange.map { $0.isEmpty ? "(default)" : $0 }),
            ("routing key", letter.originalRoutingKey), ("provider", letter.provider), ("job", letter.job?.text),
            ("job status", state.map { $0.status.rawValue + ($0.isSolved ? "; the letter is solved" : "") }),
            ("attempts", letter.attempts.map { "\($0)" }), ("first failed", letter.firstFailure.map(LetterDescription.time)),
            ("last failed", letter.lastFailure.map { "\(LetterDescription.time($0)), \(description.age) ago" }),
            ("message id", letter.properties.messageID.map { PrintableText.line($0, atMost: 255) }),
            ("correlation", letter.properties.correlationID.map { PrintableText.line($0, atMost: 255) }),
        ]
        var lines = [Terminal.paint(letter.id, .bold)]
        for case (let name, let value?) in fields { lines.append("  " + Self.padded(name) + value) }
        let headers = letter.properties.headers.sorted { $0.key < $1.key }
        if !headers.isEmpty { lines += ["", Terminal.paint("headers", .bold)] }
        for (name, value) in headers {
            lines.append("  \(PrintableText.line(name, atMost: 128)): \(PrintableText.line(Self.text(value), atMost: 4096))")
        }
        lines += ["", Terminal.paint(letter.isTruncated ? "start of the body" : "body, \(letter.body.count) bytes", .bold), body]
        return lines.joined(separator: "\n")
    }

    /// JSON is formatted; anything else is shown as text.
    private var body: String {
        let text: String
        if let value = try? JSONSerialization.jsonObject(with: Data(letter.body)),  // a body that is not JSON is shown as it is
            let data = try? JSONSerialization.data(withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        {
            text = String(decoding: data, as: UTF8.self)
        } else {
            text = String(decoding: letter.body, as: UTF8.self)
        }
        return PrintableText.lines(text)
    }

    private static func padded(_ name: String) -> String { name + String(repeating: " ", count: max(14 - name.count, 1)) }

    static func text(_ value: AMQPValue) -> String {
        switch value {
        case .null: "null"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): text
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .timestamp(let seconds):
            seconds < 1 << 34 ? LetterDescription.time(Date(timeIntervalSince1970: Double(seconds))) : "\(seconds)"
        case .array(let elements): "[" + elements.map(text).joined(separator: ", ") + "]"
        case .table(let table): "{" + table.sorted { $0.key < $1.key }.map { "\($0.key): \(text($0.value))" }.joined(separator: ", ") + "}"
        }
    }
}
