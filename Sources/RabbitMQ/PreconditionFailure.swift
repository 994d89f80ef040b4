/// The content of a `PRECONDITION_FAILED`: a queue or exchange exists with a different value of an argument.
///
/// Parsed from the broker's text, which has had this form from RabbitMQ 3.0 to 4.x: `PRECONDITION_FAILED - inequivalent arg
/// 'x-max-length' for queue 'jobs' in vhost '/': received '10' but current is '20'`.
public struct PreconditionFailure: Sendable, Equatable {
    /// `queue` or `exchange`.
    public var object: String?
    public var name: String?
    public var argument: String?
    /// The declared value and the current one, as the broker prints them.
    public var received: String?
    public var current: String?

    init(brokerText text: String) {
        argument = Self.quoted(after: "arg ", in: text)
        for object in ["queue", "exchange"] {
            guard let name = Self.quoted(after: "for \(object) ", in: text) else { continue }
            self.object = object
            self.name = name
        }
        received = Self.quoted(after: "received ", in: text) ?? Self.bare(after: "received ", in: text)
        current = Self.quoted(after: "current is ", in: text) ?? Self.bare(after: "current is ", in: text)
    }

    private static func quoted(after marker: String, in text: String) -> String? {
        guard let rest = rest(after: marker, in: text), rest.first == "'" else { return nil }
        let value = rest.dropFirst()
        return value.firstIndex(of: "'").map { String(value[..<$0]) }
    }

    private static func bare(after marker: String, in text: String) -> String? {
        guard let rest = rest(after: marker, in: text) else { return nil }
        return rest.hasPrefix("none") ? "none" : nil
    }

    private static func rest(after marker: String, in text: String) -> Substring? {
        text.firstRange(of: marker).map { text[$0.upperBound...] }
    }
}
