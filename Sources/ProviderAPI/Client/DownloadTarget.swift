import ExportCore

/// A file to download, as it was listed.
public struct DownloadTarget: Sendable {
    /// An absolute http or https URL, or `s3://BUCKET/KEY`.
    public let url: String
    public let name: String?
    /// What the API calls it.
    public let id: String?
    /// Whether it is downloaded with credentials; `nil`: as all files.
    public let auth: Bool?

    public init(url: String, name: String? = nil, id: String? = nil, auth: Bool? = nil) {
        (self.url, self.name, self.id, self.auth) = (url, name, id, auth)
    }

    public init(_ file: ListedFile) { self.init(url: file.url, name: file.name, id: file.id, auth: file.auth) }

    public init(_ file: FileTask) {
        self.init(url: file.url, name: file.listedName, id: file.itemID, auth: file.credentials.map { $0 == .sent })
    }
}
