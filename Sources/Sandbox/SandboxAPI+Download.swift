import Archive
import Encoding
import NIOCore
import NIOHTTP1

extension SandboxAPI {
    /// The headers and body of a file, or of the requested range (RFC 9110, section 14).
    func send(_ download: ExportRegistry.Download, range: String?) throws -> APIAnswer {
        if let fault = download.fault, fault.fault == .oddCoding {
            return try send(download.layout, coded: fault.form(OddCoding.self))
        }
        let facts = try facts.facts(of: download.layout)
        var part = 0..<facts.bytes
        var status = HTTPResponseStatus.ok
        if let range, let asked = ByteRange(range) {
            guard let known = asked.resolved(in: facts.bytes) else {
                let response = APIResponse.error(.rangeNotSatisfiable, "bad-range", "the file has \(facts.bytes) bytes")
                return .response(response.adding("Content-Range", "bytes */\(facts.bytes)"))
            }
            part = known
            status = .partialContent
        }
        if download.fault?.fault == .partial {
            part = part.lowerBound..<part.lowerBound + part.count / 2
            status = .partialContent
        }
        var head = APIResponse(status: status)
        head.headers = [
            ("Content-Type", download.layout.contentType), ("Content-Length", String(part.count)),
            ("Accept-Ranges", "bytes"), ("ETag", "\"\(Hexadecimal.text(facts.sha256))\""),
        ]
        if status == .partialContent {
            // A file of a single byte has no half; its part is empty.
            let bounds = part.isEmpty ? "*" : "\(part.lowerBound)-\(part.upperBound - 1)"
            head.headers.append(("Content-Range", "bytes \(bounds)/\(facts.bytes)"))
        }
        let body = try body(of: download, part, facts)
        return .stream(head, BodyStream(body, ending: download.fault?.fault == .truncatedBody ? .abrupt : .orderly))
    }

    private func body(
        of download: ExportRegistry.Download, _ part: Range<Int>, _ facts: FileFacts
    ) throws(ArchiveWriterError) -> FileBody {
        var body = FileBody(try FileProducer(download.layout), part: part)
        switch download.fault?.fault {
        case .truncatedBody: body.limit(to: part.count / 2)
        case .corruptBody: body.corruptedAt = facts.bytes / 2
        case .slowBody: body.spread(over: configuration.slowBody)
        default: break
        }
        return body
    }
}

extension SandboxAPI {
    /// The whole file under a `Content-Encoding`, whatever range was requested. It is in memory while it is sent.
    private func send(_ layout: FileLayout, coded coding: OddCoding) throws -> APIAnswer {
        var producer = try FileProducer(layout)
        var bytes: [UInt8] = []
        while let piece = try producer.next() { bytes += piece }
        let body = try coding.body(bytes)
        var head = APIResponse(status: .ok)
        head.headers = [
            ("Content-Type", layout.contentType), ("Content-Encoding", coding.header), ("Content-Length", String(body.count)),
        ]
        return .stream(head, BodyStream(StoredBody(body)))
    }
}

/// A `Range` header with a single byte range. Other forms are ignored, as RFC 9110 allows.
enum ByteRange: Equatable {
    case from(Int, through: Int?)
    case last(Int)

    init?(_ header: String) {
        guard header.hasPrefix("bytes=") else { return nil }
        let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        if ends[0].isEmpty {
            guard let count = Int(ends[1]), count >= 0 else { return nil }
            self = .last(count)
        } else {
            guard let first = Int(ends[0]), first >= 0 else { return nil }
            let last = Int(ends[1])
            if last == nil, !ends[1].isEmpty { return nil }
            if let last, last < first { return nil }
            self = .from(first, through: last)
        }
    }

    /// The range within a body of `count` bytes; nil if the body contains no part of it.
    func resolved(in count: Int) -> Range<Int>? {
        switch self {
        case .from(let first, let last):
            guard first < count else { return nil }
            return first..<min(count, (last ?? count - 1) + 1)
        case .last(let wanted):
            guard wanted > 0, count > 0 else { return nil }
            return max(0, count - wanted)..<count
        }
    }
}
