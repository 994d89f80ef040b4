import ExportCore
import Foundation
import JobMessages
import RabbitMQ
import TestServers

/// Malicious messages: valid ones that a seed corrupts in many ways.
struct HostileMessages {
    private var random: SeededGenerator
    private let jobs: [String]

    /// - Parameter jobs: the names of existing jobs.
    init(seed: UInt64, jobs: [String]) {
        random = SeededGenerator(seed: seed)
        self.jobs = jobs
    }

    mutating func job() -> OutgoingMessage {
        let body = spoil(
            #"{"provider":"acme","exportJobId":"fuzz-\#(random.below(20))","parameters":{"files":1,"from":"2026-11-01"},"priority":"low","tenant":"t","correlationId":"c"}"#
        )
        return message(body, to: QueueNames.allJobs[random.below(3)])
    }

    mutating func download() -> OutgoingMessage {
        let name = random.chance(70) ? "nobody-\(random.below(1000))" : jobs[random.below(jobs.count)]
        let work = random.chance(80) ? #""file":\#(absurdNumber())"# : #""manifest":\#(random.chance(50))"#
        return message(spoil(#"{"exportJobId":"\#(name)",\#(work),"correlationId":"c"}"#), to: QueueNames.allDownloads[random.below(3)])
    }

    /// One to fifty lines, most of which are not wakes or name jobs that do not exist.
    mutating func wakes() -> OutgoingMessage {
        var body: [UInt8] = []
        for line in 0..<(1 + random.below(50)) {
            if line > 0 { body.append(UInt8(ascii: "\n")) }
            body += wake()
        }
        var message = message(body, to: QueueNames.checks)
        message.properties.isPersistent = random.chance(50)
        return message
    }

    private mutating func wake() -> [UInt8] {
        let name = random.chance(80) ? "nobody-\(random.below(1000))" : jobs[random.below(jobs.count)]
        var fields = [name, "\(absurdNumber())"]
        func appendNumbers(_ number: Int) {
            for _ in 0..<number { fields.append(random.chance(90) ? "\(random.below(9))" : absurdNumber()) }
        }
        appendNumbers(6)
        fields.append(["PENDING", "READY", "PROCESSING", "COMPLETED", "FAILED"][random.below(5)])
        appendNumbers(7)
        fields += [#"{"id":"e"}"#, "acme", "t", "c", #"{"files":1}"#]
        fields[14] = "0"
        return random.chance(50) ? Array(fields.joined(separator: "\t").utf8) : spoil(fields.joined(separator: "\t"))
    }

    private mutating func absurdNumber() -> String {
        let numbers = [
            "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e999", "-0", "0.5", "NaN", "1e18",
            "\"1\"", "null", "[]", "0x10", "99999999999999999999999999", "true",
        ]
        return random.chance(60) ? "\(random.below(100_000))" : numbers[random.below(numbers.count)]
    }

    private mutating func spoil(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        switch random.below(100) {
        case 0..<25: return Array(bytes.prefix(random.below(bytes.count)))
        case 25..<31:
            for _ in 0...random.below(4) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
        case 31..<45:
            bytes.insert(
                contentsOf: (0...random.below(8)).map { _ in UInt8.random(in: 0...255, using: &random) }, at: random.below(bytes.count))
        case 45..<53: return Array(text.replacing("c\"", with: "\u{0}\u{1B}[2J\"").replacing("\"acme\"", with: "[1,{}]").utf8)
        case 53..<60:
            return Array(text.replacing(random.chance(50) ? "\"fuzz" : "\"acme", with: random.chance(50) ? "7,\"x" : "null,\"x").utf8)
        case 60..<66: return Array(text.replacing("{\"", with: "{\"file\":\(absurdNumber()),\"parameters\":\(absurdNumber()),\"").utf8)
        case 66..<72:
            let depth = random.chance(90) ? 600 + random.below(2000) : 100_000
            return Array("{\"provider\":\"acme\",\"parameters\":{\"a\":\(String(repeating: "[", count: depth))".utf8)
        case 72..<78:
            return Array(
                text.replacing("\"c\"", with: "\"\(String(repeating: "é", count: 65 + random.below(200)))\"").replacing("{\"", with: "[{\"")
                    .utf8)
        case 78..<84: return (0..<random.below(300)).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 84..<88: return []
        case 88..<94: return Array(text.replacing("\"", with: random.chance(50) ? "'" : "\u{2028}").utf8)
        case 94: return Array(("{\"x\":\"" + String(repeating: "x", count: random.chance(95) ? 20_000 : 260 * 1024) + "\"}").utf8)
        case 95..<98: bytes += [0xFF, 0xFE, 0x00, 0xC3, 0x28]
        default: return bytes + bytes
        }
        return bytes
    }

    private mutating func message(_ body: [UInt8], to queue: String) -> OutgoingMessage {
        var properties = MessageProperties()
        if random.chance(30) { properties.messageID = ["", "fuzz-1", "a b", ".x", String(repeating: "m", count: 255)][random.below(5)] }
        if random.chance(30) { properties.correlationID = ["", "c\n{\"level\":\"error\"}", "\u{202E}c", "\t"][random.below(4)] }
        if random.chance(20) { properties.timestamp = [0, .max, UInt64(Int64.max)][random.below(3)] }
        if random.chance(20) { properties.contentType = "text/html\r\nX: y" }
        if random.chance(30) { properties.headers = headers() }
        return OutgoingMessage(routingKey: queue, body: body, properties: properties)
    }

    private mutating func headers() -> [String: AMQPValue] {
        var nested: AMQPValue = .integer(.min)
        for _ in 0..<random.below(15) { nested = random.chance(50) ? .table(["x": nested]) : .array([nested, .null]) }
        // No NaN: it crashes the broker's own channel, so that no consumer ever receives one.
        let values: [AMQPValue] = [
            .integer(.max), .integer(.min), .double(-.greatestFiniteMagnitude), .string("\u{1B}[2J\n"), .timestamp(.max), .bytes([0xFF]),
            .null, nested,
        ]
        var headers: [String: AMQPValue] = [:]
        for name in [
            "traceparent", DeadLetter.attemptsHeader, DeadLetter.firstFailureHeader, DeadLetter.kindHeader, "x-death", "x-delivery-count",
            "",
        ] {
            if random.chance(40) { headers[name] = values[random.below(values.count)] }
        }
        return headers
    }
}

/// The simplest rules for messages that cannot be handled.
enum Oracle {
    static func isJob(_ message: OutgoingMessage) -> Bool {
        guard message.body.count <= 256 * 1024,
            let members = (try? JSONSerialization.jsonObject(with: Data(message.body))) as? [String: Any],  // not JSON, so not a job
            members["provider"] as? String == "acme"
        else { return false }
        for (name, value) in members where !(value is NSNull) {
            switch name {
            case "parameters":
                guard let object = value as? [String: Any], (try? JSONSerialization.data(withJSONObject: object)) != nil else {
                    return false
                }
            case "exportJobId", "priority", "tenant", "correlationId":
                guard let text = value as? String, (1...128).contains(text.utf8.count),
                    !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 })
                else { return false }
                if name == "exportJobId", JobID(text) == nil { return false }
                if name == "priority", !["high", "normal", "low"].contains(text) { return false }
            case "webhook":
                guard let text = value as? String, text.hasPrefix("https:") else { return false }
            default: break
            }
        }
        return true
    }

    private struct Download: Decodable {
        var exportJobId: String
        var file: Int?
        var manifest: Bool?
        var correlationId: String
    }

    static func isDownload(_ message: OutgoingMessage) -> Bool {
        // Text that cannot be decoded is not a wake.
        guard let work = try? JSONDecoder().decode(Download.self, from: Data(message.body)), JobID(work.exportJobId) != nil else {
            return false
        }
        return work.manifest == nil ? work.file.map { $0 >= 0 } ?? false : work.manifest == true && work.file == nil
    }
}
