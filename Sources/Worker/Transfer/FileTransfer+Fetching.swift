import Archive
import ExportCore
import HTTPClient
import JobStore
import ProviderAPI

extension FileTransfer {
    /// Begins the download. An expired link is replaced by a fresh one, once.
    func fetch() async throws -> ServedBytes {
        let stream: HTTPStream
        do throws(Failure) {
            stream = try await download(claimed.file.url)
        } catch {
            guard error.failureClass == .gone, provider.definition.refreshesLinks else { throw error }
            logger.notice("link expired, listing the files again: \(error.message)")
            stream = try await download(try await freshLink(after: error))
            metrics.refreshed.increment()
        }
        return ServedBytes(stream, of: claimed.file, received: metrics.received, on: thread)
    }

    private func download(_ url: String) async throws(Failure) -> HTTPStream {
        try await provider.download(url: url, context, exportHandle: exportHandle)
    }

    private var context: JobContext {
        JobContext(claimed.job.request, attempt: claimed.attempt, creation: claimed.job.state.creation)
    }

    /// The link that the file's page of the file list holds now.
    private func freshLink(after expired: Failure) async throws(Failure) -> String {
        try await requireNoPause()
        switch await provider.files(context, exportHandle: exportHandle, page: claimed.file.page) {
        case .failure(let failure):
            await sharePause(after: failure)
            throw failure
        case .page(let files, _):
            guard let file = files.first(where: { $0.name == claimed.file.listedName }) else {
                throw Failure(
                    .gone, code: "file-no-longer-listed",
                    message: "\(expired.message), and the file list no longer names the file")
            }
            return file.url
        }
    }

    /// Files are listed by the provider's API. It may have asked for a pause, or the orchestrators may have found it down.
    private func requireNoPause() async throws(Failure) {
        // While the store is away this is unknown. The transfer continues: its lease needs the store soon enough.
        guard let stored = try? await store.health(of: provider.definition.name) else { return }
        let wait = stored.health.wait(.list, now: stored.now)
        guard wait > .zero else { return }
        throw Failure(.throttled, code: "provider-paused", message: "the provider asked for a pause, or is down", retryAfter: wait)
    }

    /// Shares a pause that the provider asked for with all orchestrators and workers.
    private func sharePause(after failure: Failure) async {
        guard failure.failureClass == .throttled else { return }
        do {
            var stored = try await store.health(of: provider.definition.name)
            stored.health.pause(.list, for: failure.retryAfter ?? provider.definition.retry.base, now: stored.now)
            _ = try await store.setHealth(stored.health, of: provider.definition.name, read: stored.version)
        } catch {
            logger.notice("a pause that the provider asked for was not stored: \(error)")
        }
    }

    private var exportHandle: String { claimed.job.exportHandle ?? "{}" }

    /// How the file is unpacked. Documents that are zip files inside are not: their first bytes do not tell them from archives.
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
