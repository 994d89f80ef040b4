import ExportCore

/// The result of a create. An export handle is a compact JSON object of at most 8 KiB, which is stored with the job.
public enum CreateOutcome: Sendable, Equatable {
    case created(exportHandle: String)
    /// The API already has this export, and the job adopts it.
    case adopted(exportHandle: String)
    case failed(Failure)
}

public enum FindOutcome: Sendable, Equatable {
    case found(exportHandle: String)
    case notFound
    case failed(Failure)
}

/// The result of a status check.
public enum CheckOutcome: Sendable, Equatable {
    case queued(retryAfter: Duration?)
    /// - Parameter progress: from 0 to 1.
    case running(progress: Double?, retryAfter: Duration?)
    /// - Parameters:
    ///   - exportHandle: the handle with the values of `status.export` added; `nil` if the handle is unchanged.
    ///   - page: the first page of the files if this answer lists them; `nil` if they must be listed by a request.
    case ready(exportHandle: String?, page: ListedPage?)
    /// An entry of `steps` is done.
    /// - Parameters:
    ///   - exportHandle: with the entry that comes next.
    ///   - isDueAtOnce: whether that is a request.
    case advanced(exportHandle: String, isDueAtOnce: Bool)
    /// The export is complete and holds no data.
    case empty
    /// The export failed at the provider.
    case failed(code: String, message: String)
    case expired
    /// The response is valid, but its state is not listed in `states`. The text is at most 200 characters.
    case unknownStatus(String, retryAfter: Duration?)
    /// The check itself failed. The class is `gone` if the provider no longer knows the export (404, 410).
    case failure(Failure)
}

/// The outcome of one of several checks.
public struct CheckAnswer: Sendable {
    /// The position of the export among those that were asked for.
    public let index: Int
    public let outcome: CheckOutcome
    /// From the request to the answer.
    public let took: Duration
    /// The handle as `status.update` has it now; `nil`: nothing may have changed it.
    public var exportHandle: String?
    /// Whether the API was asked. A step that is left out needs no request.
    public var wasAsked = true
    /// How long ago the export became ready, as the ready answer says it.
    public var lag: Duration?
}

/// A file as a listing describes it. All fields are untrusted: `name` may be any text.
public struct ListedFile: Sendable, Equatable, Codable {
    /// The item's `name`, or the last segment of its URL; at most 1024 bytes.
    public var name: String
    /// An absolute http or https URL, or `s3://BUCKET/KEY`. Of a file that `download.request` fetches by its id, that of the list.
    public var url: String
    /// The size that the listing announces.
    public var bytes: Int64?
    /// Lower-case hexadecimal, computed over the file as served.
    public var sha256: String?
    /// Lower-case hexadecimal.
    public var md5: String?
    /// Whether the item has a name; otherwise the name is the last segment of the URL.
    public var isNamed: Bool
    /// What the API calls the file.
    public var id: String?
    /// In place of `download.unpack`.
    public var unpack: UnpackRule?
    /// In place of `download.auth`.
    public var auth: Bool?

    public init(
        name: String, url: String, bytes: Int64? = nil, sha256: String? = nil, md5: String? = nil, isNamed: Bool = true, id: String? = nil,
        unpack: UnpackRule? = nil, auth: Bool? = nil
    ) {
        self.name = name
        self.url = url
        self.bytes = bytes
        self.sha256 = sha256
        self.md5 = md5
        self.isNamed = isNamed
        self.id = id
        self.unpack = unpack
        self.auth = auth
    }
}

/// One page of a list of files.
public struct ListedPage: Sendable, Equatable, Codable {
    public var files: [ListedFile]
    /// The token for the next page; `nil` if this is the last page.
    public var next: String?

    public init(files: [ListedFile], next: String? = nil) {
        self.files = files
        self.next = next
    }
}

public enum FilesOutcome: Sendable, Equatable {
    /// - Parameter next: the token for the next page; `nil` if this is the last page.
    case page(files: [ListedFile], next: String?)
    case failure(Failure)
}

public enum CancelOutcome: Sendable, Equatable {
    /// The export is cancelled, or no longer existed (404, 410).
    case cancelled
    /// The provider file has no `cancel`.
    case notSupported
    /// The API cancels exports in other states only.
    case notInThisState(String)
    case failure(Failure)
}
