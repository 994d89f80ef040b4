/// The plain values of `download:`.
public struct DownloadRules: Sendable, Equatable {
    /// Whether downloads carry the credentials; `nil` sends them only to the origin of `baseURL`.
    public var auth: Bool?
    public var unpack = UnpackRule.auto
    public var noContent = NoContentRule.notYet
    /// The media types that a file may have, in lower case; empty: any.
    public var expectedTypes: [String] = []

    public init(
        auth: Bool? = nil, unpack: UnpackRule = .auto, noContent: NoContentRule = .notYet, expectedTypes: [String] = []
    ) {
        self.auth = auth
        self.unpack = unpack
        self.noContent = noContent
        self.expectedTypes = expectedTypes
    }
}

/// What an answer 204 to a download means.
public enum NoContentRule: String, Sendable, CaseIterable {
    /// The file is not there yet.
    case notYet
    /// The file is empty.
    case empty
}

/// How a downloaded file is unpacked.
public enum UnpackRule: String, Sendable, CaseIterable, Codable {
    /// Detected from the first bytes.
    case auto
    case none, gzip, zip
}
