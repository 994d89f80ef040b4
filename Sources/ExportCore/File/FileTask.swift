/// One file of an export, as it was listed.
public struct FileTask: Sendable, Equatable, Codable {
    /// The name under the job's folder, unique within the job, safe as a path.
    public var name: String
    public var url: String
    /// The size that the provider promised.
    public var bytes: Int64?
    /// Lower-case hexadecimal, of the file as it is served.
    public var sha256: String?
    /// The page that listed the file (`nil`: the first), and its name there: what a refresh of an expired link looks for.
    public var page: String?
    public var listedName: String
    /// Where the name comes from: the download may tell a better one than the URL.
    public var namedBy: NameSource
    /// What the API calls the file, for the request that downloads it.
    public var itemID: String?
    /// How it is unpacked; `nil`: as all files of the provider.
    public var unpack: String?
    /// Whether it is downloaded with credentials; `nil`: as all files of the provider.
    public var credentials: CredentialUse?

    public enum CredentialUse: String, Sendable, Codable {
        case sent, withheld
    }

    public enum NameSource: String, Sendable, Codable {
        case listing, url
    }

    public init(
        name: String, url: String, bytes: Int64? = nil, sha256: String? = nil, page: String? = nil, listedName: String,
        namedBy: NameSource = .listing, itemID: String? = nil, unpack: String? = nil,
        credentials: CredentialUse? = nil
    ) {
        self.name = name
        self.url = url
        self.bytes = bytes
        self.sha256 = sha256
        self.page = page
        self.listedName = listedName
        self.namedBy = namedBy
        self.itemID = itemID
        self.unpack = unpack
        self.credentials = credentials
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name), url: try values.decode(String.self, forKey: .url),
            bytes: try values.decodeIfPresent(Int64.self, forKey: .bytes), sha256: try values.decodeIfPresent(String.self, forKey: .sha256),
            page: try values.decodeIfPresent(String.self, forKey: .page), listedName: try values.decode(String.self, forKey: .listedName),
            namedBy: try values.decodeIfPresent(NameSource.self, forKey: .namedBy) ?? .listing,
            itemID: try values.decodeIfPresent(String.self, forKey: .itemID),
            unpack: try values.decodeIfPresent(String.self, forKey: .unpack),
            credentials: try values.decodeIfPresent(CredentialUse.self, forKey: .credentials))
    }
}

/// An object as it was stored: an entry of the manifest.
public struct StoredObject: Sendable, Equatable, Codable {
    public var name: String
    /// The file of the export that it came from, without the query of its URL, which may hold a signature.
    public var source: String
    public var bytes: Int64
    public var sha256: String
    public var key: String
    /// The file's name in the listing, if the object has another for a reason other than that it was unpacked.
    public var listedName: String?

    public init(name: String, source: String, bytes: Int64, sha256: String, key: String, listedName: String? = nil) {
        self.name = name
        self.source = source
        self.bytes = bytes
        self.sha256 = sha256
        self.key = key
        self.listedName = listedName
    }
}
