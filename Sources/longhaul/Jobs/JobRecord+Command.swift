import EventThread
import ExportCore
import Foundation
import JobMessages
import JobStore

extension JobRecord {
    /// The record of the job that a command names.
    /// - Throws: a `Problem`, which says why there is no such job as far as the dead letters tell.
    /// - Parameter wantsTrail: whether the record needs its trail, for which the object storage may be asked.
    static func require(
        _ name: String, _ options: SettingsOptions, _ archive: ArchiveOptions, wantsTrail: Bool = false, json: Bool
    ) async throws -> (record: JobRecord, objects: ObjectsLocation) {
        guard let id = JobID(name) else { throw Problem.usage("\"\(name)\" is not a valid job id: \(JobID.rule)") }
        let settings = try await options.load()
        let thread = EventThread(name: "longhaul")
        let connection = try await StoreConnection.open(settings, name: "longhaul-job", on: thread, logger: Terminal.quietLogger)
        var found: JobRecord?
        do {
            found = try await read(id, from: connection.store)
        } catch {
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        if found == nil || wantsTrail { try await ask(id, &found, connection.store, archive, settings, on: thread) }
        await connection.close()
        thread.stop()
        guard let record = found else { throw await missing(id, settings, json: json) }
        return (record, ObjectsLocation(record.job, settings))
    }

    /// Reads from the object storage what the store does not have.
    /// - Throws: a `Problem` if the trail of a job in the store cannot be read.
    private static func ask(
        _ id: JobID, _ found: inout JobRecord?, _ store: JobStore, _ options: ArchiveOptions, _ settings: Settings, on thread: EventThread
    ) async throws {
        do {
            let archive = try JobArchive(settings, on: thread)
            if found != nil {
                found?.trail = try await archive.events(of: id, store)
            } else {
                found = try await archive.record(of: id, store, options)
            }
            await archive.shutdown()
        } catch {
            let why = "the object storage was not asked for the history: \((error as? Problem)?.message ?? "\(error)")"
            guard found == nil else { throw Problem.unavailable(why) }
            Terminal.error(why)
        }
    }

    private static func missing(_ id: JobID, _ settings: Settings, json: Bool) async -> Problem {
        do {
            let found = try await RefusedJobs(settings).letters(of: [id])
            if let letter = found.letters[id] {
                if json {
                    let members = LetterDescription(letter: letter, now: Date()).members
                    print(JobDescription.json(["exportJobId": id.text, "deadLetter": members] as [String: Any]))
                }
                return .failed(
                    "\(fate(of: id, letter)): \(letter.reason): \(letter.explanation); see `longhaul dead-letters show \(letter.id)`")
            }
            let bound = found.isPartial ? " among the first \(RefusedJobs.limit)" : ""
            return .failed(
                "no job \(id), and no dead letter of it\(bound); check the id; the job may have expired (LONGHAUL_KEEP) "
                    + "with no history in the object storage (--provider and --date look further back), or its message waits for an orchestrator"
            )
        } catch {
            return .failed(
                "no job \(id); check the id; it may have expired (LONGHAUL_KEEP); "
                    + "the dead letters were not searched: \((error as? Problem)?.message ?? "\(error)")")
        }
    }

    private static func fate(of id: JobID, _ letter: DeadLetterRecord) -> String {
        switch letter.kind {
        case .message: "job \(id) was not accepted, its message is a dead letter"
        case .broker: "job \(id) is not in the store, the broker moved its message to the dead letters"
        case .job: "job \(id) ended FAILED, and is no longer in the store (LONGHAUL_KEEP)"
        case .file: "job \(id) is no longer in the store (LONGHAUL_KEEP), and a file of it failed"
        case .webhook: "job \(id) is no longer in the store (LONGHAUL_KEEP), and its webhook was not told"
        }
    }
}
