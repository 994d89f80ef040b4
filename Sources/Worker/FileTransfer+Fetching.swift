import Archive
import ExportCore
import HTTPClient
import JobStore
import ProviderAPI

extension FileTransfer {
    /// Begins the download; for an expired link a fresh one is listed, once.
    func fetch() async throws -> ServedBytes {
        let stream: HTTPStream
        do throws(Failure) {
            stream = try await download(claimed.file.url)
        } catch {
            guard error.failureClass == .gone, provider.definition.refreshesLinks else { throw error }
            logger.notice("link expired, listed anew: \(error.message)")
            stream = try await download(try await freshLink(after: error))
            metrics.refreshed.increment()
        }
        return ServedBytes(stream, of: claimed.file, received: metrics.received, on: thread)
    }

    private func download(_ url: String) async throws(Failure) -> HTTPStream {
        try await provider.download(url: url, JobContext(claimed), exportHandle: exportHandle)
    }

    /// The link that the file's page of the listing holds now.
    private func freshLink(after expired: Failure) async throws(Failure) -> String {
        switch await provider.files(JobContext(claimed), exportHandle: exportHandle, page: claimed.file.page) {
        case .failure(let failure): throw failure
        case .page(let files, _):
            guard let file = files.first(where: { $0.name == claimed.file.listedName }) else {
                throw Failure(
                    .gone, code: "file-no-longer-listed",
                    message: "\(expired.message), and the listing does not name the file any more")
            }
            return file.url
        }
    }

    private var exportHandle: String { claimed.job.exportHandle ?? "{}" }

    /// What to take the file for. By their first bytes, documents that are zips inside would be taken for archives.
    var compression: Compression {
        switch provider.definition.download.unpack {
        case .none: .none
        case .gzip: .gzip
        case .zip: .zip
        case .auto: Self.documents.contains { claimed.file.name.lowercased().hasSuffix($0) } ? .none : .auto
        }
    }

    private static let documents = [".xlsx", ".xlsm", ".docx", ".pptx", ".ods", ".odt", ".odp", ".epub", ".jar", ".kmz"]
}

extension JobContext {
    init(_ claimed: ClaimedFile) {
        let job = claimed.job
        self.init(
            jobID: job.id.text, provider: job.provider, parametersJSON: job.parameters, correlationID: job.correlationID,
            tenant: job.tenant, attempt: claimed.attempt, priority: job.priority, creation: job.state.creation)
    }
}
