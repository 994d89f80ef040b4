import ExportCore

/// A file to download, as it was listed.
public struct DownloadTarget: Sendable {
    /// An absolute http or https URL, or `s3://BUCKET/KEY`.
    public let url: String
    public let name: String?
    /// What the API calls it.
    public let id: String?

    public init(url: String, name: String? = nil, id: String? = nil) { (self.url, self.name, self.id) = (url, name, id) }

    public init(_ file: ListedFile) { self.init(url: file.url, name: file.name, id: file.id) }

    public init(_ file: FileTask) { self.init(url: file.url, name: file.listedName, id: file.itemID) }
}
