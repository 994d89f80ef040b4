import ArgumentParser
import EventThread
import ExportCore
import JobMessages
import JobStore
import ProviderAPI

/// Checks all jobs of a submission before the first one is sent: each message by the rules of the intake, its provider by the names that
/// orchestrators have reported, and its id by the jobs that the store knows.
struct SubmissionCheck {
    /// `nil` checks only the messages.
    let store: JobStore?

    /// What was found in jobs that can be sent.
    struct Passed {
        var count = 0
        /// Jobs that exist already with the same request: they need not be sent again.
        var known: [JobID: JobStatus] = [:]
        /// What could not be checked, for standard error.
        var warning: String?
    }

    private static let page = 500

    /// Checks against the store of the settings. A store that cannot be reached becomes a warning.
    static func run(_ source: JobSource, _ settings: Settings, on thread: EventThread) async throws -> Passed {
        let connection: StoreConnection
        do {
            connection = try await StoreConnection.open(settings, name: "longhaul-submit", on: thread, logger: Terminal.quietLogger)
        } catch let problem as Problem where problem.code == ExitCode(69) {
            var passed = try await SubmissionCheck(store: nil).run(source)
            passed.warning = "providers and ids were not checked: \(problem.message)"
            return passed
        }
        do {
            let passed = try await SubmissionCheck(store: connection.store).run(source)
            await connection.close()
            return passed
        } catch {
            await connection.close()
            throw error
        }
    }

    /// - Throws: a `Problem` with exit code 64 if a job cannot run, or 1 if its id belongs to another job, after all of them were reported.
    func run(_ source: JobSource) async throws -> Passed {
        var passed = Passed()
        var faults = SubmissionFaults()
        let providers = try await read(&passed) { try await $0.knownProviders() }
        var seen = SeenJobs()
        var schemas = ReportedSchemas()
        var page: [(place: String, request: JobRequest)] = []
        try await source.forEach { line in
            passed.count += 1
            do throws(JobMessageError) {
                let request = try line.request()
                if let fault = seen.conflict(of: request, at: line) { return faults.add(line.place, fault, isConflict: true) }
                if let fault = Self.fault(request.provider, providers, &passed) { return faults.add(line.place, fault) }
                if let fault = schemas.fault(of: request, providers) { return faults.add(line.place, fault) }
                page.append((line.place, request))
            } catch {
                faults.add(line.place, error.message)
            }
            guard page.count == Self.page else { return }
            try await compare(page, &passed, &faults)
            page.removeAll(keepingCapacity: true)
        }
        try await compare(page, &passed, &faults)
        try faults.throwIfAny(of: passed.count)
        return passed
    }

    /// Compares jobs with those that have their ids.
    private func compare(
        _ jobs: [(place: String, request: JobRequest)], _ passed: inout Passed, _ faults: inout SubmissionFaults
    ) async throws {
        guard !jobs.isEmpty, let stored = try await read(&passed, { try await $0.outlines(of: jobs.map(\.request.id)) }) else { return }
        for (place, request) in jobs {
            guard let job = stored[request.id] else { continue }
            let names = request.differences(from: job.request)
            if names.isEmpty {
                passed.known[request.id] = job.status
            } else {
                faults.add(place, JobMessageError.conflict(request.id, names).message, isConflict: true)
            }
        }
    }

    /// A store that cannot be read must not keep jobs from being submitted: the queue holds them.
    private func read<Value>(_ passed: inout Passed, _ body: (JobStore) async throws -> Value) async throws -> Value? {
        guard let store else { return nil }
        do {
            return try await body(store)
        } catch let error as JobStoreError {
            passed.warning = passed.warning ?? "providers and ids were not checked: \(error)"
            return nil
        }
    }

    private static func fault(_ name: String, _ providers: KnownProviders?, _ passed: inout Passed) -> String? {
        guard let providers else { return nil }
        guard providers.areCurrent else {
            let unknown = "provider \(name) was not checked, because no orchestrator is running"
            passed.warning =
                passed.warning
                ?? (providers.contains(name) ? "no orchestrator is running" : unknown)
                + "; its jobs wait for one that has the provider's file"
            return nil
        }
        if providers.contains(name) { return nil }
        return UnknownProvider.message(name, known: providers.names)
    }
}
