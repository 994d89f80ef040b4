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
        try await requireWelcome()
        switch await provider.files(JobContext(claimed), exportHandle: exportHandle, page: claimed.file.page) {
        case .failure(let failure):
            await tell(failure)
            throw failure
        case .page(let files, _):
            guard let file = files.first(where: { $0.name == claimed.file.listedName }) else {
                throw Failure(
                    .gone, code: "file-no-longer-listed",
                    message: "\(expired.message), and the listing does not name the file any more")
            }
            return file.url
        }
    }

    /// Listing is asked of the provider's API, which the orchestrators may have found down, or which asked for a pause.
    private func requireWelcome() async throws(Failure) {
        // Without the store there is no telling; the lease needs it soon enough.
        guard let stored = try? await store.health(of: provider.definition.name) else { return }
        let wait = stored.health.wait(.list, now: stored.now)
        guard wait > .zero else { return }
        throw Failure(.throttled, code: "provider-paused", message: "the provider is not to be asked now", retryAfter: wait)
    }

    /// A refusal that concerns everybody who lists.
    private func tell(_ failure: Failure) async {
        guard failure.failureClass == .throttled else { return }
        do {
            var stored = try await store.health(of: provider.definition.name)
            stored.health.pause(.list, for: failure.retryAfter ?? provider.definition.retry.base, now: stored.now)
            _ = try await store.setHealth(stored.health, of: provider.definition.name, read: stored.version)
        } catch {
            logger.notice("the provider's wish for a pause could not be shared: \(error)")
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
