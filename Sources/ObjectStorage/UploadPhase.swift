/// The phases of an upload, in the order in which its caller moves it on: `write`, `finishParts`, `commit`.
enum UploadPhase {
    case open
    case stored
    case committed
    case failed(ObjectStorageError)

    /// The phase after `abort()`.
    static func aborted(_ url: String) -> UploadPhase { .failed(misuse("write", url, "it was aborted")) }

    /// - Throws: `misuse` after `finishParts()`, or the failure of the upload.
    func requireOpen(_ operation: String, _ url: String) throws(ObjectStorageError) {
        switch self {
        case .open: return
        case .failed(let error): throw error
        case .stored, .committed: throw Self.misuse(operation, url, "finishParts() has been called")
        }
    }

    /// - Returns: whether there is anything to commit: `false` after the first commit.
    /// - Throws: `misuse` before `finishParts()`, or the failure of the upload.
    func mayCommit(_ url: String) throws(ObjectStorageError) -> Bool {
        switch self {
        case .stored: return true
        case .committed: return false
        case .failed(let error): throw error
        case .open: throw Self.misuse("commit", url, "finishParts() has not been called")
        }
    }

    static func misuse(_ operation: String, _ url: String, _ detail: String) -> ObjectStorageError {
        ObjectStorageError(.misuse, operation, url, detail)
    }
}
