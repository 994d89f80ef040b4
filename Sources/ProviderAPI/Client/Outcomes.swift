import ExportCore

/// What came of a create. A handle is a compact JSON object, at most 8 KiB, to be kept with the job.
public enum CreateOutcome: Sendable, Equatable {
    case created(exportHandle: String)
    /// The API has such an export already, and this job takes it over.
    case adopted(exportHandle: String)
    case failed(Failure)
}

public enum FindOutcome: Sendable, Equatable {
    case found(exportHandle: String)
    case notFound
    case failed(Failure)
}

/// What a status check told.
public enum CheckOutcome: Sendable, Equatable {
    case queued(retryAfter: Duration?)
    /// - Parameter progress: 0...1.
    case running(progress: Double?, retryAfter: Duration?)
    /// - Parameter exportHandle: the handle with what `status.export` adds to it; `nil`: it stays as it is.
    case ready(exportHandle: String?)
    /// Done, and there is no data.
    case empty
    /// The export failed at the provider.
    case failed(code: String, message: String)
    case expired
    /// The answer is in order, but its state is not among `states`; the text is at most 200 characters.
    case unknownStatus(String, retryAfter: Duration?)
    /// The check itself failed; class `gone` when the export is not known any more (404, 410).
    case failure(Failure)
}

/// A file as a listing names it. Nothing of it is to be trusted: `name` may be any text.
public struct ListedFile: Sendable, Equatable {
    /// The item's `name`, or the last part of its URL; at most 1024 bytes.
    public var name: String
    /// Absolute, http or https.
    public var url: String
    /// The promised size.
    public var bytes: Int64?
    /// Lower-case hexadecimal, of the file as it is served.
    public var sha256: String?
    /// Lower-case hexadecimal.
    public var md5: String?

    public init(name: String, url: String, bytes: Int64? = nil, sha256: String? = nil, md5: String? = nil) {
        self.name = name
        self.url = url
        self.bytes = bytes
        self.sha256 = sha256
        self.md5 = md5
    }
}

public enum FilesOutcome: Sendable, Equatable {
    /// - Parameter next: what the call for the next page is given; `nil`: this was the last.
    case page(files: [ListedFile], next: String?)
    case failure(Failure)
}

public enum CancelOutcome: Sendable, Equatable {
    /// It is cancelled, or was gone already (404, 410).
    case cancelled
    /// The file has no `cancel`.
    case notSupported
    case failure(Failure)
}
