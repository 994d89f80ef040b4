import Archive
import ExportCore
import HTTPClient
import JobStore
import Lifecycle
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

    /// Asks whether the host may be asked now, and reports its answer.
    private func download(_ url: String) async throws(Failure) -> HTTPStream {
        let (host, withCredentials) = await provider.downloadAccess(to: url, context)
        let permission = await gate.admit(downloadFrom: host, withCredentials: withCredentials)
        if case .wait(let time) = permission {
            throw Failure.paused("downloads from \(host) pause", for: time)
        }
        do throws(Failure) {
            let stream = try await provider.download(url: url, context, exportHandle: exportHandle)
            await gate.report(downloadFrom: host, withCredentials: withCredentials, permission, failure: nil)
            return stream
        } catch {
            throw await gate.report(downloadFrom: host, withCredentials: withCredentials, permission, failure: error) ?? error
        }
    }

    private var context: JobContext {
        JobContext(claimed.job.request, attempt: claimed.attempt, creation: claimed.job.state.creation)
    }

    /// The link that the file's page of the file list holds now. The list comes from the provider's API, which may have asked for a pause.
    private func freshLink(after expired: Failure) async throws(Failure) -> String {
        let permission = await gate.admit(.list)
        if case .wait(let time) = permission {
            throw Failure.paused("the provider asked for a pause, or is down", for: time)
        }
        let begun = ContinuousClock.now
        let outcome = await provider.files(context, exportHandle: exportHandle, page: claimed.file.page)
        let failure: Failure? = if case .failure(let failure) = outcome { failure } else { nil }
        let counted = await gate.report(
            .list, permission, failure: failure, took: .now - begun, budget: await provider.takeBudget())
        switch outcome {
        case .failure(let failure): throw counted ?? failure
        case .page(let files, _):
            guard let file = files.first(where: { $0.name == claimed.file.listedName }) else {
                throw Failure(
                    .gone, code: "file-no-longer-listed",
                    message: "\(expired.message), and the file list no longer names the file")
            }
            return file.url
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
