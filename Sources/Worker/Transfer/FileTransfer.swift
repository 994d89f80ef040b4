import Archive
import EventThread
import ExportCore
import JobStore
import Lifecycle
import Logging
import ObjectStorage
import ProviderAPI

/// One attempt at a file: fetch → count and hash → unpack → stage → verify → confirm the lease, unless it is fresh → name the objects.
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
        let served = try await fetch()
        do {
            try await unpack(served, into: staged)
            try await served.verify()
        } catch {
            // A flipped bit can make an entry look encrypted or badly named. Such a file is corrupt, and another attempt may succeed.
            defer { served.cancel() }
            if !Failure(of: error).failureClass.isRetriable { try await served.verify() }
            throw error
        }
        try await lease.confirmUnlessFresh()
        return try await staged.commit(under: lease)
    }

    private func unpack(_ served: ServedBytes, into staged: StagedObjects) async throws {
        let reader = ArchiveReader(compression, limits: configuration.archives) { try await served.next() }
        do {
            let key = ObjectKey(claimed.job)
            var names: ObjectNames?
            while let entry = try await reader.nextEntry() {
                let compression = await reader.compression
                var known = try names ?? ObjectNames(file: claimed.file.name, compression: compression)
                let name = try known.next(entry: entry.path)
                names = known
                await staged.begin(name: name, key: key.object(name))
                while let bytes = try await reader.read() { try await staged.write(bytes) }
                try await staged.end()
            }
        } catch {
            await reader.close()
            throw error
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
