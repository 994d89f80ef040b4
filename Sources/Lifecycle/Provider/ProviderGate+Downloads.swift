import ExportCore
import ProviderAPI
import Retry

extension ProviderGate {
    /// Reports the head of a download, or why there was none. It says nothing about the API behind the breaker.
    /// - Parameters:
    ///   - withCredentials: whether the host that answered saw the provider's credentials.
    ///   - file: the index of the file in the job `id`.
    /// - Returns: as `report`.
    public func report(
        downloadFrom host: String, withCredentials: Bool, _ permission: Permission, of id: JobID, file: Int, failure: Failure?,
        budget: RateBudget?
    ) async -> Failure? {
        let kind = RequestKind.download(host: host)
        metrics.ended(kind, failure, took: nil)
        if let failure, failure.code == "refused-address" || failure.code == "certificate" {
            // This network's rules, or the host's certificate: another attempt soon would end the same way.
            tryingUntil[kind] = nil
            await health.change(
                .throttled(kind, wait: definition.breaker.heldProbe, reason: failure.message, random: Jitter.shared.next()))
            if permission == .probe, localHold == nil { await endProbe(isDown: false, isSlow: false, failure) }
            return failure.uncounted
        }
        let subject = RefusalWatch.Subject(job: id, kind: kind, file: file)
        if let failure, failure.isSilence { return await noteSilence(host, kind, permission, subject, failure) }
        silences[host]?.accepted(subject)
        await noteThrottling(kind, permission, failure, budget)
        // A host that saw no credentials accepts none and refuses none.
        guard withCredentials || failure?.code == "missing-secret" else {
            if permission == .probe, localHold == nil { await withdraw(permission, kind) }
            return failure
        }
        let isAlone = await noteAccess(subject, failure)
        if permission == .probe, localHold == nil { await endProbe(isDown: false, isSlow: false, failure) }
        return await counted(failure, permission, isDown: false, isAlone: isAlone)
    }

    /// A download without an answer. Three in a row, with no answer from the host in between, make its downloads wait: one request after each
    /// pause tries it. A file that alone gets no answer counts its attempts: while others are answered, and if a connection is made, for the
    /// file itself may be the reason.
    private func noteSilence(
        _ host: String, _ kind: RequestKind, _ permission: Permission, _ subject: RefusalWatch.Subject, _ failure: Failure
    ) async -> Failure {
        if permission == .trial { tryingUntil[kind] = nil }
        if permission == .probe, localHold == nil { await withdraw(permission, kind) }
        // Hosts are named by listed links, and nothing says when the last file of one has come.
        if silences.count > Self.keptHosts { silences = [:] }
        var watch = silences[host] ?? RefusalWatch()
        let refusal = watch.refused(subject, lifts: 0)
        silences[host] = watch
        let isOfHost = refusal == .ofProvider && (failure.isUnconnected || watch.subjects > 1)
        if await health.isSilent(kind) || isOfHost {
            repeated.warning(
                key: "silent \(host)", "downloads from \(host) wait, it gives no answer: \(failure.message)",
                metadata: ["provider": "\(definition.name)"])
            await health.change(.silent(kind, reason: failure.message, random: Jitter.shared.next()))
            return failure.ofHost
        }
        return localHold != nil && failure.concernsProvider ? failure.uncounted : failure
    }

    private static let keptHosts = 64

    /// Notes for people how an attempt at a file ended, from its request to its object.
    /// - Parameter failure: `nil`: it is stored.
    public func noteFile(_ failure: Failure?) async {
        guard let failure else { return await health.worked(.files) }
        // What was only put off did not fail, and a shutdown is nobody's failure.
        let isExpected = failure.failureClass == .throttled || failure.failureClass == .notYet || Self.ownCodes.contains(failure.code)
        if !isExpected { await note(failure, of: .files) }
    }
}

extension Failure {
    fileprivate var ofHost: Failure {
        var failure = uncounted
        failure.concernsHost = true
        return failure
    }
}
