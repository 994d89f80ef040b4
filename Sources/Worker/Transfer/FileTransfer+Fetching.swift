import ExportCore
import HTTPClient
import JobStore
import Lifecycle
import ProviderAPI

extension FileTransfer {
    /// Begins the download. An expired link is replaced by a fresh one, once.
    func fetch() async throws -> FileBody {
        let stream: HTTPStream
        do throws(Failure) {
            stream = try await download(DownloadTarget(claimed.file))
        } catch {
            guard error.failureClass == .gone, provider.definition.refreshesLinks else { throw error }
            logger.notice("link expired, listing the files again: \(error.message)")
            stream = try await download(try await freshLink(after: error))
            metrics.refreshed.increment()
        }
        return try FileBody(stream, of: claimed.file, limits: configuration.archives, received: metrics.received, on: thread)
    }

    /// Asks whether the host may be asked now, and reports its answer.
    private func download(_ file: DownloadTarget) async throws(Failure) -> HTTPStream {
        let (host, withCredentials) = await provider.downloadAccess(to: file, context, exportHandle: exportHandle)
        let permission = await gate.admit(
            downloadFrom: host, withCredentials: withCredentials, isSuspect: claimed.attempt > 1 || claimed.deferredFor != nil)
        if case .wait(let time) = permission {
            throw Failure.paused(await reason(host, withCredentials: withCredentials), for: time)
        }
        do throws(Failure) {
            let stream = try await provider.download(file, context, exportHandle: exportHandle)
            _ = await gate.report(
                downloadFrom: host, withCredentials: withCredentials, permission, of: claimed.job.id, file: claimed.index, failure: nil,
                budget: await provider.takeBudget(.download(host: host)))
            return stream
        } catch {
            // After a redirect another host may have refused, which saw no credentials.
            let isOwnRefusal = error.answer?.request.contains("//\(host)/") ?? true
            throw await gate.report(
                downloadFrom: host, withCredentials: withCredentials && isOwnRefusal, permission, of: claimed.job.id, file: claimed.index,
                failure: error, budget: await provider.takeBudget(.download(host: host)))
                ?? error
        }
    }

    /// Why downloads from a host have to wait, for people.
    private func reason(_ host: String, withCredentials: Bool) async -> String {
        let held = withCredentials ? await gate.obstacle(.list)?.why : nil
        let throttled = await gate.obstacle(.download(host: host))?.why
        let why = if case .held = held { held } else { throttled }
        return "downloads from \(host) pause" + (why.map { ": \($0)" } ?? "")
    }

    var context: JobContext {
        JobContext(claimed.job.request, attempt: claimed.attempt, creation: claimed.job.state.creation)
    }

    /// The link that the file's page of the file list holds now. The list comes from the provider's API, which may have asked for a pause.
    private func freshLink(after expired: Failure) async throws(Failure) -> DownloadTarget {
        let permission = await gate.admit(.list)
        if case .wait(let time) = permission {
            throw Failure.paused("the provider asked for a pause, or is down", for: time)
        }
        let begun = ContinuousClock.now
        let outcome = await provider.files(context, exportHandle: exportHandle, page: claimed.file.page)
        let failure: Failure? = if case .failure(let failure) = outcome { failure } else { nil }
        let counted = await gate.report(
            .list, permission, of: claimed.job.id, failure: failure, took: .now - begun, budget: await provider.takeBudget(.list))
        switch outcome {
        case .failure(let failure): throw counted ?? failure
        case .page(let files, _):
            guard let file = claimed.file.found(in: files) else {
                throw Failure(
                    .gone, code: "file-no-longer-listed",
                    message: "\(expired.message), and the file list no longer names the file, or names several like it")
            }
            return DownloadTarget(file)
        }
    }

    var exportHandle: String { claimed.job.exportHandle ?? "{}" }
}

extension FileTask {
    /// The file on a page that is listed again: by its name there, and if several have it, by the URL without what changes in it.
    func found(in files: [ListedFile]) -> ListedFile? {
        let named = files.filter { $0.name == listedName }
        if named.count < 2 { return named.first }
        let same = named.filter { FileTransfer.withoutSecrets($0.url) == FileTransfer.withoutSecrets(url) }
        return same.count == 1 ? same.first : nil
    }
}
