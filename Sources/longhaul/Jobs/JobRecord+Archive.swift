import EventThread
import ExportCore
import Foundation
import JobStore
import ObjectStorage
import Trail

/// What the object storage has of jobs, for commands. It is asked only where the store does not suffice.
struct JobArchive {
    private let storage: any ObjectStorage
    private let close: @Sendable () async -> Void

    private static let lastDays = 90

    /// - Throws: a `Problem` that names the setting.
    init(_ settings: Settings, on thread: EventThread) throws {
        let (storage, http) = try settings.storage(on: thread, logger: Terminal.quietLogger)
        self.storage = storage
        close = { await http?.shutdown(within: .zero) }
    }

    func shutdown() async { await close() }

    /// The whole history of a job that the store knows.
    func events(of id: JobID, _ store: JobStore) async throws -> [TrailEvent] {
        var reader = TrailReader(store: store, storage: storage)
        guard let history = try await reader.read(id) else { return [] }
        if history.isIncomplete { Terminal.error("the beginning of the history is not in the object storage (\(TrailObject.folder)/)") }
        return history.events
    }

    /// A job that the store has forgotten.
    func record(of id: JobID, _ store: JobStore, _ options: ArchiveOptions) async throws -> JobRecord? {
        let providers = if let provider = options.provider { [provider] } else { try await store.knownProviders().names }
        let now = try await store.now()
        let search = ArchiveSearch(storage: storage, providers: providers, day: options.date, lastDays: Self.lastDays, now: now)
        let found = try await search.find(id) { share in
            if Terminal.isErrorTerminal { Terminal.write("\r\u{1B}[2Klooking for its history, \(Int(share * 100)) %") }
        }
        if Terminal.isErrorTerminal { Terminal.write("\r\u{1B}[2K") }
        return found.map { JobRecord(archived: $0, now: now) }
    }
}

extension JobRecord {
    /// A job as its history tells it.
    fileprivate init(archived: ArchivedHistory, now: Int64) {
        job = archived.job
        history = archived.events.map(\.entry)
        trail = archived.events
        answers = []
        due = DueTime(at: nil, now: now)
        provider = ProviderCondition(StoredHealth(health: ProviderHealth(), version: 0, now: now))
        waitingFile = nil
        isArchived = true
    }
}
