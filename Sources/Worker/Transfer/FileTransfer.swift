import Archive
import EventThread
import ExportCore
import JobStore
import Lifecycle
import Logging
import ObjectStorage
import ProviderAPI
import TraceContext

/// One attempt at a file: fetch → count and hash → undo content codings → check that it is the file → unpack → stage → verify → confirm the
/// lease, unless it is fresh → name the objects.
///
/// The whole file is never in memory: the provider's data waits in its socket until the storage has accepted the earlier data.
struct FileTransfer: Sendable {
    let claimed: ClaimedFile
    let provider: ProviderClient
    let gate: ProviderGate
    let store: JobStore
    let storage: any ObjectStorage
    let configuration: WorkerConfiguration
    let lease: FileLease
    let metrics: WorkerMetrics
    let logger: Logger
    let thread: EventThread

    /// Leaves no partial upload behind, unless the storage is unreachable.
    func run() async -> TransferOutcome {
        let spool = Spool(in: configuration.spoolFolder, limit: configuration.maxSpoolBytes, on: thread)
        let staged = StagedObjects(
            in: storage, spool: spool, source: Self.withoutSecrets(claimed.file.url), budget: configuration.stagedBytes, on: thread)
        do {
            return .stored(try await lease.whileHeld { try await transfer(into: staged) })
        } catch {
            await staged.abort()
            if error is LeaseLost { return .leaseLost }
            return Task.isCancelled ? .aborted : .failed(Failure(of: error))
        }
    }

    private func transfer(into staged: StagedObjects) async throws -> [StoredObject] {
        if let data = provider.definition.data { try await transferData(data, into: staged) } else { try await transferFile(into: staged) }
        try await lease.confirmUnlessFresh()
        if claimed.index == 0, claimed.job.state.creation > 0 {
            try await removeEarlierManifest()
            // A removal that was repeated may have taken long.
            try await lease.confirmUnlessFresh()
        }
        return try await TraceSpan.run("upload") { span in
            let objects = try await staged.commit(under: lease)
            span?.set([:], numbers: ["longhaul.objects": objects.count])
            return objects
        }
    }

    private func transferFile(into staged: StagedObjects) async throws {
        let body = try await fetch()
        do {
            let start = try await body.beginning(atLeast: Self.beginningLength)
            let told = toldName(body)
            try await requirePromised(body, start, name: told ?? claimed.file.name)
            let form = FileForm(
                name: told ?? claimed.file.name, rule: rules.unpack, start: start,
                type: body.headers["content-type"],
                wasDecoded: body.isCoded ? await body.wasDecoded : false)
            let name = try await name(told, form, body)
            try await TraceSpan.run("unpack") { span in
                span?.set(["longhaul.compression": "\(form.compression)"])
                try await unpack(body, as: form, named: name, into: staged)
            }
            try await body.verify()
        } catch {
            // A flipped bit can make an entry look encrypted or badly named. Such a file is corrupt, and another attempt may succeed.
            defer { body.cancel() }
            if !Failure(of: error).failureClass.isRetriable { try await body.verify() }
            throw error
        }
    }

    private func unpack(_ body: FileBody, as form: FileForm, named file: String, into staged: StagedObjects) async throws {
        let reader = ArchiveReader(form.compression, limits: configuration.archives) { try await body.next() }
        do {
            let key = ObjectKey(claimed.job)
            var names = try ObjectNames(file: file, form: form.name)
            var unpacked: Int64 = 0
            while let entry = try await reader.nextEntry() {
                let name = try names.next(entry: entry.path)
                await staged.begin(name: name, key: key.object(name), listedName: listedName(file, name))
                while let bytes = try await reader.read() {
                    if unpacked == 0, form.compression == .gzip { try await requirePromised(unpacked: bytes, of: body, name: file) }
                    unpacked += Int64(bytes.count)
                    if body.isCoded { try await body.require(unpacked: unpacked) }
                    try await staged.write(bytes)
                }
                try await staged.end()
            }
        } catch {
            await reader.close()
            throw error
        }
    }

    /// A job may have been cancelled right after its manifest was written, and then started again: the folder is not complete any more.
    private func removeEarlierManifest() async throws {
        try await lease.requireHeld()
        do throws(ObjectStorageError) {
            try await storage.delete(keys: [ObjectKey(claimed.job).manifest])
        } catch {
            guard error.kind == .accessDenied else { throw error }
            logger.error("the manifest of an export that the job left behind stays, if there is one; allow deleting objects: \(error)")
        }
    }

    /// The URL without query and fragment, which may hold a signature, and without a password.
    static func withoutSecrets(_ url: String) -> String {
        var text = String(url.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }) ?? ""
        guard let scheme = text.range(of: "://") else { return text }
        let authority = text[scheme.upperBound...].prefix { $0 != "/" }
        if let at = authority.lastIndex(of: "@") { text.removeSubrange(scheme.upperBound...at) }
        return text
    }
}
