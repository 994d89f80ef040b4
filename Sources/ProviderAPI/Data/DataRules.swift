/// The plain values of `files.data`: how an export's object is made of the pages of an answer.
public struct DataRules: Sendable, Equatable {
    /// What a page is.
    public enum Form: String, Sendable, CaseIterable {
        /// Text, or the bytes of the answer.
        case text
        case base64
        /// A list, of which each element becomes a line.
        case ndjson
        /// A list of objects or of lists, of which each becomes a row (RFC 4180).
        case csv
        case json

        /// The extension of an object's name.
        var suffix: String { self == .text || self == .base64 ? "txt" : rawValue }

        /// Whether the rows of two pages stand on lines of their own.
        var hasLines: Bool { self == .ndjson || self == .csv || self == .json }
    }

    public var form: Form
    /// Whether all pages become one object.
    public var joins: Bool
    /// Whether there may be more than one page.
    public var isPaged: Bool
    /// Whether the answers themselves are the data, of any size.
    public var isBody: Bool

    public init(form: Form, joins: Bool, isPaged: Bool, isBody: Bool) {
        (self.form, self.joins, self.isPaged, self.isBody) = (form, joins, isPaged, isBody)
    }
}
