/// The name of a job, chosen by its submitter; the same name twice is the same job.
///
/// It becomes part of Redis keys and of object keys, so it is 1 to 128 characters of `A-Z a-z 0-9 . _ : -` and does not begin
/// with a dot. `#` and braces in particular stay out: they delimit the store's timers and Redis's hash tags.
public struct JobID: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// `nil` when `text` is not a valid name.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard (1...128).contains(bytes.count), bytes.first != UInt8(ascii: "."), bytes.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    /// - Parameter text: known to be valid, as a UUID is.
    package init(valid text: String) { self.text = text }

    public var description: String { text }

    public static let rule = "1 to 128 of A-Z a-z 0-9 . _ : - and no dot in front"

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The partition of the store that holds the job: FNV-1a over the name (Fowler, Noll, Vo), modulo `count`.
    public func partition(of count: Int) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int(hash % UInt32(count))
    }
}
