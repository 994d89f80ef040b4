import Crypto
import Encoding

/// The place of a span in a trace, as other processes learn of it: W3C Trace Context, level 2 (https://www.w3.org/TR/trace-context-2).
public struct TraceContext: Sendable, Hashable {
    /// 16 bytes, not all zero.
    public let traceID: TraceID
    /// 8 bytes, not all zero.
    public let spanID: SpanID
    /// Bit 0: sampled; bit 1: the trace id is random. The others are kept as they came.
    public let flags: UInt8
    /// Whether it came from another process.
    public let isRemote: Bool

    public init(traceID: TraceID, spanID: SpanID, flags: UInt8, isRemote: Bool = false) {
        (self.traceID, self.spanID, self.flags, self.isRemote) = (traceID, spanID, flags, isRemote)
    }

    /// Whether spans of the trace are recorded.
    public var isSampled: Bool { flags & Self.sampled != 0 }

    static let sampled: UInt8 = 1

    /// The header `traceparent`, version 00.
    public var traceparent: String {
        var text = Array("00-".utf8)
        traceID.append(to: &text)
        text.append(UInt8(ascii: "-"))
        spanID.append(to: &text)
        text.append(UInt8(ascii: "-"))
        Hexadecimal.append(flags, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads a header `traceparent`. Of a later version the parts that version 00 has are read, as section 4.3 asks.
    /// - Returns: `nil` unless it is valid: digits in lower case, ids that are not zero, a version other than ff.
    public init?(traceparent: String) {
        let text = Array(traceparent.utf8)
        let dash = UInt8(ascii: "-")
        guard text.count >= 55, text[2] == dash, text[35] == dash, text[52] == dash, let version = Self.bytes(text[0..<2])?.first,
            version != 0xFF, text.count == 55 || version > 0 && text[55] == dash,
            let trace = Self.bytes(text[3..<35]).flatMap({ TraceID($0) }), let span = Self.bytes(text[36..<52]).flatMap({ SpanID($0) }),
            let flags = Self.bytes(text[53..<55])?.first
        else { return nil }
        self.init(traceID: trace, spanID: span, flags: flags, isRemote: true)
    }

    private static func bytes(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard !text.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }) else { return nil }
        return Hexadecimal.bytes(String(decoding: text, as: UTF8.self))
    }

    /// The context that every process computes for the same name: SHA-256, of which the first 16 bytes are the trace id and the next 8
    /// the id of its first span. Nothing is stored for it, and a sampler that goes by the trace id decides the same everywhere.
    public init(derivedFrom name: String, flags: UInt8) {
        let digest = Array(SHA256.hash(data: Array(name.utf8)))
        self.init(
            traceID: TraceID(Array(digest[..<16])) ?? TraceID(high: 0, low: 1), spanID: SpanID(Array(digest[16..<24])) ?? SpanID(1),
            flags: flags)
    }

    /// The same place with the decision of a sampler.
    public func sampled(_ isSampled: Bool) -> TraceContext {
        TraceContext(
            traceID: traceID, spanID: spanID, flags: isSampled ? flags | Self.sampled : flags & ~Self.sampled, isRemote: isRemote)
    }
}
