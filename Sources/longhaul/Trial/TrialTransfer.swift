import ExportCore
import ProviderAPI

/// A file of a trial, with the page of the list that named it.
struct TrialFile: Sendable {
    var file: ListedFile
    let page: String?
}

/// Downloads files as a worker does: again after failures, and with a fresh link if one has expired.
struct TrialTransfer {
    let download: TrialDownload
    let ask: (_ name: String, _ question: String) throws -> Void
    let wait: (Duration, Failure) async throws -> Void

    private var client: ProviderClient { download.client }

    /// - Returns: the number of bytes; `nil` if the file cannot be had.
    func run(_ listed: TrialFile, _ place: String) async throws -> Int? {
        var listed = listed
        let retry = client.definition.retry
        var failures = 0
        while true {
            try ask("download\(place)" + (failures > 0 ? ", again" : ""), "download \(listed.file.name)")
            let outcome =
                if let rules = client.definition.data { try await download.run(listed.file, pages: rules) } else {
                    try await download.run(listed.file)
                }
            switch outcome {
            case .bytes(let count): return count
            case .wrong: return nil
            case .failed(let failure):
                failures += failure.countsAsAttempt ? 1 : 0
                guard failure.failureClass.isRetriable, failures < retry.attempts, !Trial.isHopeless(failure) else { return nil }
                if failure.failureClass == .gone, client.definition.refreshesLinks {
                    try ask("files, for a fresh link", "list the files again")
                    guard try await refresh(&listed) else { return nil }
                    continue
                }
                let delay = retry.delay(failures: max(failures, 1), retryAfter: failure.retryAfter, random: Double.random(in: 0..<1))
                try await wait(max(delay, .milliseconds(200)), failure)
            }
        }
    }

    private func refresh(_ listed: inout TrialFile) async throws -> Bool {
        switch await client.files(download.job, exportHandle: download.exportHandle, page: listed.page) {
        case .failure(let failure): download.page.bad("\(failure.code): \(failure.message)")
        case .page(let files, _):
            guard let file = files.first(where: { $0.name == listed.file.name }) else {
                download.page.bad("the list no longer names \(listed.file.name)")
                return false
            }
            listed.file = file
            return true
        }
        return false
    }
}
