import ExportCore
import HTTPClient
import JobStore

extension FileTransfer {
    /// The name that the download tells, if the listing gave none.
    func toldName(_ body: FileBody) -> String? {
        guard claimed.file.namedBy == .url else { return nil }
        return dispositionName(body)
    }

    /// The name of the file under its job's folder. The store keeps it unique, and is asked only if it is not the one that it knows.
    /// - Parameter told: as `toldName` returned it.
    func name(_ told: String?, _ form: FileForm, _ body: FileBody) async throws -> String {
        var wanted = told ?? claimed.file.name
        if form.isDocument, FileSuffix.last(of: wanted) == nil,
            let suffix = dispositionName(body).flatMap({ FileSuffix.last(of: $0) }) ?? form.suffix
        {
            // Shortened if it gets too long with it.
            wanted = SafePath.usable("\(wanted).\(suffix)") ?? wanted
        }
        // An earlier attempt may have got it.
        if wanted == claimed.file.name || "\(claimed.index)-\(wanted)" == claimed.file.name { return claimed.file.name }
        return try await renamed(wanted)
    }

    /// Asks again while the store does not answer: what was received so far would be lost.
    private func renamed(_ wanted: String) async throws -> String {
        var tries = 0
        while true {
            do {
                guard let name = try await store.renameFile(claimed, to: wanted) else { throw LeaseLost() }
                return name
            } catch let error as JobStoreError {
                tries += 1
                guard tries < Self.maxTries, await lease.pauseWhileHeld() else {
                    var failure = Failure(.transient, code: "store-unavailable", message: "the file was not renamed: \(error)")
                    failure.countsAsAttempt = false
                    throw failure
                }
            }
        }
    }

    private static let maxTries = 5

    /// For the manifest: the name in the listing, if another reason than unpacking makes the object's differ.
    /// - Parameters:
    ///   - file: the file's name.
    ///   - object: the object's.
    func listedName(_ file: String, _ object: String) -> String? {
        guard claimed.file.namedBy == .listing else { return nil }
        return file != claimed.file.listedName || ObjectNames.isRenamed(object) ? claimed.file.listedName : nil
    }

    private func dispositionName(_ body: FileBody) -> String? {
        body.headers["content-disposition"].flatMap { ContentDisposition.fileName($0) }
    }
}
