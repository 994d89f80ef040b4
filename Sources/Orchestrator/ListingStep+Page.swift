import Archive
import ExportCore
import JobStore
import ProviderAPI

/// A page of the file list: stored first, then published.
extension ListingStep {
    /// - Returns: the job after the page; `nil` when it has changed meanwhile.
    func store(_ files: [ListedFile], _ next: String?, _ listing: Listing) async throws -> DecisionRecorder.Subject? {
        let (job, subject, machine) = (listing.job, listing.subject, listing.provider.machine)
        var found: FoundReady?
        if let unstored = listing.found {
            guard let ready = machine.decide(.ready, in: subject.state, random: 0) else { return nil }
            found = FoundReady(state: ready.state, exportHandle: unstored.exportHandle)
        }
        guard let decision = machine.decide(.pageListed(isLast: next == nil), in: found?.state ?? subject.state, random: 0) else { return nil }
        let tasks = files.enumerated().map { offset, file in
            FileTask(
                name: Self.safeName(file.name, index: subject.state.filesTotal + offset), url: file.url, bytes: file.bytes,
                sha256: file.sha256, page: listing.cursor, listedName: file.name)
        }
        let added = try await store.addFiles(
            tasks, to: job.id, version: subject.version, decision: decision, cursor: next, found: found)
        guard let added else { return nil }
        if found != nil {
            metrics.countTransition(to: .ready)
            await listing.provider.gate.release(job.id)
        }
        var state = decision.state
        state.filesTotal = added.filesTotal
        let advanced = subject.advanced(to: added.version, state)
        await publish(added, of: advanced, job)
        return advanced
    }

    private func publish(_ added: AddedFiles, of subject: DecisionRecorder.Subject, _ job: ExportJob) async {
        let indices = Array(added.first..<added.filesTotal)
        metrics.downloadsListed.increment(
            by: await downloads.publish(files: indices, of: subject, priority: job.priority, traceparent: job.traceparent))
        guard subject.state.status == .processing else { return }
        metrics.countTransition(to: .processing)
        logger.info("job is PROCESSING: \(added.filesTotal) files", metadata: DecisionRecorder.metadata(subject))
        // Nothing to transfer, or the workers were faster than the list.
        if added.filesEnded == added.filesTotal {
            await downloads.publishManifest(of: subject, priority: job.priority, traceparent: job.traceparent)
        }
    }

    /// A name from outside as a path under the job's folder. What is unfit for one gets a name by its index.
    private static func safeName(_ name: String, index: Int) -> String {
        (try? SafePath.relative(name)) ?? "file-\(index)"  // refused names are the provider's, and not worth a job
    }
}
