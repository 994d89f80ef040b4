import HTTPClient

/// Where the pages of an export's data go on. The first begins with an empty cursor.
public struct DataCursor: Sendable, Equatable {
    /// What the last page said; `nil`: it was the last, or none was read.
    public var token: String?
    /// The columns of CSV, once they are known.
    public var columns: [String]?

    public init() {}
}

/// A page of an export's data.
public struct DataPage: Sendable {
    public enum Content: Sendable {
        /// The answer itself, as it is served.
        case body(HTTPStream)
        case bytes([UInt8])
    }

    public let content: Content
    public let next: DataCursor
    /// Whether the first row of CSV is a header.
    public let hasHeader: Bool

    init(content: Content, next: DataCursor, hasHeader: Bool = true) {
        (self.content, self.next, self.hasHeader) = (content, next, hasHeader)
    }
}
