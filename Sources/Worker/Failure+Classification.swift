import Archive
import ExportCore
import HTTPClient
import ObjectStorage
import ProviderAPI

extension Failure {
    /// What went wrong with a transfer, in the terms in which it is decided whether to try again.
    init(of error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ArchiveError: self.init(error)
        case let error as ObjectStorageError: self.init(error)
        case let error as HTTPError: self.init(error)
        case let error as SafePathError: self.init(.permanent, code: "unsafe-name", message: "\(error)")
        default: self.init(.transient, code: "unexpected", message: String("\(error)".prefix(500)))
        }
    }

    private init(_ error: ArchiveError) {
        if error.kind == .source, let cause = error.cause {
            self.init(of: cause)
            return
        }
        let failureClass: FailureClass = error.kind == .corrupt ? .corrupt : error.isRetriable ? .transient : .permanent
        self.init(failureClass, code: "archive-\(error.kind.kebab)", message: error.description)
    }

    /// What the storage refuses because of its own setting up is for an operator to mend, and not the fault of a job: it is tried again.
    /// So is what fails because the storage is down. Neither counts as an attempt: all transfers meet it alike.
    private init(_ error: ObjectStorageError) {
        self = error.failure
        switch error.kind {
        case .accessDenied, .badCredentials, .noSuchBucket, .wrongRegion, .notFound, .connection, .unavailable, .full, .clockSkew:
            failureClass = .transient
            countsAsAttempt = false
            retryAfterSeconds = max(retryAfterSeconds ?? 0, 15)
        default: break
        }
    }
}

extension ArchiveError.Kind {
    fileprivate var kebab: String {
        switch self {
        case .tooManyEntries: "too-many-entries"
        case .tooLarge: "too-large"
        case .ratioExceeded: "ratio-exceeded"
        default: rawValue
        }
    }
}
