import ExportCore
import Foundation
import Redis

/// What a page of the file list did to a job.
public struct AddedFiles: Sendable {
    public var version: Int64
    public var filesTotal: Int
    /// Stored, or given up.
    public var filesEnded: Int
    /// The index of the page's first file; the others follow.
    public var first: Int
}

/// A file that a worker has claimed, with its job.
public struct ClaimedFile: Sendable {
    public var job: ExportJob
    public var index: Int
    /// The fencing token of everything that the transfer does: grows with every attempt.
    public var token: Int
    /// The number of this attempt, from 1; a retry of the job begins anew.
    public var attempt: Int
    public var file: FileTask
}

/// A file that was counted as stored.
public struct FinishedFile: Sendable {
    /// Whether it was the last, so that the manifest is due.
    public var isLast: Bool
    /// The job, as claimed for its manifest; `nil` when no claim was asked for, or the file was not the last.
    public var manifest: ExportJob?
}

public enum FileClaim: Sendable {
    case claimed(ClaimedFile)
    /// Attempts are used up: the file is to be given up, see `failFile`.
    case exhausted(ClaimedFile)
    /// Nothing to do: the file is stored, another worker has it, its backoff is not over, or the job is over.
    case nothing(reason: String)
}

extension JobStore {
    /// Stores a page of the file list.
    /// - Parameters:
    ///   - decision: what the state machine makes of the page.
    ///   - cursor: the page that comes next; `nil` with the last.
    /// - Returns: `nil` when the job has changed meanwhile.
    public func addFiles(
        _ files: [FileTask], to id: JobID, version: Int64, decision: Decision, cursor: String?
    ) async throws(JobStoreError) -> AddedFiles? {
        guard case .after(let delay) = decision.timer else { return nil }
        var arguments: [RedisArgument] = [
            .string(id.text), .integer(version), .string(decision.state.status.rawValue), .integer(delay.milliseconds),
            .string(cursor ?? ""),
        ]
        for file in files { arguments += [.string(file.name), .bytes(file.json)] }
        let answer = Answer(
            value: try await run(StoreScript.addFiles, partition: partition(of: id), arguments), attempted: "add_files")
        let newVersion = try answer.element(0).integer
        guard newVersion >= 0 else { return nil }
        return AddedFiles(
            version: newVersion, filesTotal: Int(try answer.element(1).integer), filesEnded: Int(try answer.element(2).integer),
            first: Int(try answer.element(3).integer))
    }

    public func claimFile(_ index: Int, of id: JobID, lease: Duration, maxAttempts: Int) async throws(JobStoreError) -> FileClaim {
        let answer = Answer(
            value: try await run(
                StoreScript.claimFile, partition: partition(of: id),
                [.string(id.text), .integer(Int64(index)), .integer(lease.milliseconds), .integer(Int64(maxAttempts))]),
            attempted: "claim_file")
        let what = try answer.element(0).string
        guard what == "claimed" || what == "exhausted" else { return .nothing(reason: what) }
        let now = try answer.element(4).integer
        let fields = try answer.element(5).fields
        guard let job = ExportJob(id, fields: fields, now: now) else { throw answer.unexpected }
        var file = try FileTask(stored: answer.element(3).bytes, "claim_file")
        file.name = try answer.element(2).string
        let token = Int(try answer.element(1).integer)
        let base = fields["attemptsBase"].flatMap { Int($0) } ?? 0
        let claimed = ClaimedFile(
            job: job, index: index, token: token, attempt: token - base - Int(try answer.element(6).integer), file: file)
        return what == "claimed" ? .claimed(claimed) : .exhausted(claimed)
    }

    /// The heartbeat: `false` when the lease is lost, and with it the right to any further effect.
    public func extendFile(_ claimed: ClaimedFile, lease: Duration) async throws(JobStoreError) -> Bool {
        let value = try await run(
            StoreScript.extendFile, partition: partition(of: claimed.job.id), claimed.arguments + [.integer(lease.milliseconds)])
        return try Answer(value: value, attempted: "extend_file").integer == 1
    }

    /// Counts a file as stored.
    /// - Parameter manifestLease: with it the job is claimed for its manifest when the file is the last, as by `claimManifest`.
    /// - Returns: `nil` when the lease is lost.
    public func finishFile(
        _ claimed: ClaimedFile, objects: [StoredObject], manifestLease: Duration? = nil
    ) async throws(JobStoreError) -> FinishedFile? {
        let value = try await run(
            StoreScript.finishFile, partition: partition(of: claimed.job.id),
            claimed.arguments + [.bytes(StoredObject.json(objects)), .integer(manifestLease?.milliseconds ?? -1)])
        let answer = Answer(value: value, attempted: "finish_file")
        guard try answer.element(0).integer == 1 else { return nil }
        let isListed = try answer.element(3).string == JobStatus.processing.rawValue
        let isLast = try answer.element(1).integer >= answer.element(2).integer && isListed
        guard try answer.array.count > 4 else { return FinishedFile(isLast: isLast) }
        guard let job = ExportJob(claimed.job.id, fields: try answer.element(5).fields, now: try answer.element(4).integer) else {
            throw answer.unexpected
        }
        return FinishedFile(isLast: isLast, manifest: job)
    }

    /// Sets the file's timer for another attempt, or, with no `delay`, gives the file up; the job's timer is due then.
    /// - Parameter counts: whether the attempt counts; not when its worker was shut down in order, or was asked to come later.
    /// - Returns: `false` when the lease is lost.
    public func failFile(
        _ claimed: ClaimedFile, failure: Failure, retryAfter delay: Duration?, counts: Bool = true
    ) async throws(JobStoreError) -> Bool {
        let value = try await run(
            StoreScript.failFile, partition: partition(of: claimed.job.id),
            claimed.arguments + [
                .integer(delay?.milliseconds ?? -1), .string(HistoryEntry.line(failure.code)),
                .string(HistoryEntry.line("file \(claimed.file.name): \(failure.message)")), .integer(counts ? 0 : 1),
            ])
        return try Answer(value: value, attempted: "fail_file").integer == 1
    }

    /// The files from `first` on, `many` at most, whose messages seem lost; each is counted as published anew.
    public func findOrphans(of id: JobID, from first: Int, many: Int, watchdog: Duration) async throws(JobStoreError) -> [Int] {
        let value = try await run(
            StoreScript.findOrphans, partition: partition(of: id),
            [.string(id.text), .integer(Int64(first)), .integer(Int64(many)), .integer(watchdog.milliseconds)])
        var orphans: [Int] = []
        for element in try Answer(value: value, attempted: "find_orphans").array {
            orphans.append(Int(try Answer(value: element, attempted: "find_orphans").integer))
        }
        return orphans
    }

    static func encode(_ value: some Encodable, _ attempted: String) throws(JobStoreError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw JobStoreError(kind: .unexpectedAnswer("\(error)"), attempted: attempted)
        }
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ attempted: String) throws(JobStoreError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw JobStoreError(kind: .unexpectedAnswer("\(error)"), attempted: attempted)
        }
    }
}

extension ClaimedFile {
    fileprivate var arguments: [RedisArgument] { [.string(job.id.text), .integer(Int64(index)), .integer(Int64(token))] }
}
