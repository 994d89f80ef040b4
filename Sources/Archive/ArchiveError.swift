/// An archive that could not be read completely.
public struct ArchiveError: Error, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        /// The archive is not intact: truncated, a wrong checksum, data after the end.
        case corrupt
        /// An entry is encrypted.
        case encrypted
        /// A compression method or a kind of entry that this module does not unpack.
        case unsupported
        case tooManyEntries
        case tooLarge
        case ratioExceeded
        /// The source of the packed bytes threw; `cause` is its error.
        case source
        case cancelled
        /// The reader was used after `close()`, or by two callers at once.
        case closed
    }

    public let kind: Kind
    /// The problem, as the predicate of a sentence about the archive.
    public let message: String
    /// The entry being read, as named in the archive: untrusted text.
    public internal(set) var entry: String?
    public let cause: (any Error)?

    init(_ kind: Kind, _ message: String, entry: String? = nil, cause: (any Error)? = nil) {
        self.kind = kind
        self.message = message
        self.entry = entry
        self.cause = cause
    }

    /// Whether fetching and unpacking again may help. For `source` the answer is in `cause`.
    public var isRetriable: Bool {
        switch kind {
        case .corrupt, .source, .cancelled: true
        case .encrypted, .unsupported, .tooManyEntries, .tooLarge, .ratioExceeded, .closed: false
        }
    }

    public var description: String {
        let place = entry.map { ", entry \($0.debugDescription)" } ?? ""
        let reason = cause.map { ": \($0)" } ?? ""
        return "the archive \(message)\(place)\(reason)"
    }
}
