import Encoding
import ExportCore
import JobStore
import ObjectStorage

/// Finds the history of a job that the store no longer knows. Its key has the provider and the day of the job's creation, so both are tried where
/// they are not known: the latest days first.
public struct ArchiveSearch: Sendable {
    private let storage: any ObjectStorage
    private let providers: [String]
    /// `2026-11-30`, the latest first.
    private let days: [String]

    /// Requests at once.
    private static let width = 32

    /// - Parameters:
    ///   - providers: those that the job may be of.
    ///   - day: of its creation, `YYYY-MM-DD` in UTC; `nil`: the last `lastDays`.
    ///   - now: milliseconds since 1970.
    public init(storage: any ObjectStorage, providers: [String], day: String? = nil, lastDays: Int, now: Int64) {
        self.storage = storage
        self.providers = providers
        days = day.map { [$0] } ?? (0..<lastDays).map { UTCTime(milliseconds: now - Int64($0) * 86_400_000).date }
    }

    /// - Parameter progress: called with the share that has been searched.
    /// - Returns: `nil` if there is none.
    /// - Throws: `ObjectStorageError` or `TrailError`.
    public func find(_ id: JobID, progress: @Sendable (Double) -> Void = { _ in }) async throws -> ArchivedHistory? {
        let keys = days.flatMap { day in providers.map { ObjectKey(provider: $0, day: day, job: id).history } }
        for first in stride(from: 0, to: keys.count, by: Self.width) {
            progress(Double(first) / Double(keys.count))
            let part = keys[first..<min(first + Self.width, keys.count)]
            let found = try await withThrowingTaskGroup(of: String?.self) { [storage] group in
                for key in part { group.addTask { try await storage.exists(key: key) ? key : nil } }
                return try await group.reduce(nil as String?) { $0 ?? $1 }
            }
            guard let key = found else { continue }
            return try ArchivedHistory(try await storage.get(key: key, maxBytes: ArchivedHistory.longest), key)
        }
        return nil
    }
}
