import Archive
import ExportCore
import HTTPClient
import ObjectStorage
import ProviderAPI

extension Failure {
    /// Classifies an error of a transfer or a manifest: the class decides whether it is retried.
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

    /// When the storage is down, or refuses because of its configuration, an operator has to act. All transfers meet such an error alike,
    /// so it is retried and uses up no attempt.
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
