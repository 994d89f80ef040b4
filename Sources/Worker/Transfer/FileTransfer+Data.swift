import Archive
import ExportCore
import HTTPClient
import Lifecycle
import ProviderAPI
import Retry

/// Exports whose answers hold the data itself.
extension FileTransfer {
    /// Reads the pages one after the other, and writes their objects.
    func transferData(_ rules: DataRules, into staged: StagedObjects) async throws {
        var assembly = DataAssembly(name: claimed.file.name, rules: rules)
        var cursor = DataCursor()
        var isOpen = false
        repeat {
            let page = try await page(at: cursor)
            let content = try await content(of: page)
            do {
                let name = assembly.begin(hasHeader: page.hasHeader)
                try require(assembly)
                if let name {
                    if isOpen { try await staged.end() }
                    let object = try objectName(name, content.form)
                    await staged.begin(name: object, key: ObjectKey(claimed.job).object(object))
                    isOpen = true
                }
                while let bytes = try await content.next() { try await staged.write(assembly.add(bytes)) }
                try await staged.write(assembly.end())
                try await content.end()
            } catch {
                await content.cancel()
                throw error
            }
            cursor = page.next
        } while cursor.token != nil
        try await staged.end()
    }

    /// The bytes of a page, unpacked.
    private struct Content {
        var form = ObjectNames.Form.whole
        let next: () async throws -> [UInt8]?
        var end: () async throws -> Void = {}
        var cancel: () async -> Void = {}
    }

    private func content(of page: DataPage) async throws -> Content {
        switch page.content {
        case .bytes(let bytes):
            metrics.received.increment(by: bytes.count)
            var rest = bytes.isEmpty ? nil : bytes
            return Content {
                defer { rest = nil }; return rest
            }
        case .body(let stream):
            // The list promises nothing about a page.
            let file = FileTask(name: claimed.file.name, url: claimed.file.url, listedName: claimed.file.listedName)
            let body = try FileBody(stream, of: file, limits: configuration.archives, received: metrics.received, on: thread)
            do {
                return try await content(of: body)
            } catch {
                body.cancel()
                throw error
            }
        }
    }

    private func content(of body: FileBody) async throws -> Content {
        let start = try await body.beginning(atLeast: Self.beginningLength)
        try await requirePromised(body, start, name: claimed.file.name)
        let form = FileForm(
            name: claimed.file.name, rule: rules.unpack, start: start, type: body.headers["content-type"],
            wasDecoded: body.isCoded ? await body.wasDecoded : false)
        // An archive of several files is no page.
        let isArchive = form.compression == .zip
        let reader = ArchiveReader(isArchive ? .none : form.compression, limits: configuration.archives) { try await body.next() }
        let isUnpacked = form.compression == .gzip
        var unpacked: Int64 = -1
        return Content(form: isArchive ? .whole : form.name) {
            if unpacked < 0 {
                unpacked = 0
                guard try await reader.nextEntry() != nil else { return nil }
            }
            guard let bytes = try await reader.read() else { return nil }
            if unpacked == 0, isUnpacked { try await requirePromised(unpacked: bytes, of: body, name: claimed.file.name) }
            unpacked += Int64(bytes.count)
            if body.isCoded { try await body.require(unpacked: unpacked) }
            return bytes
        } end: {
            await reader.close()
            try await body.verify()
        } cancel: {
            await reader.close()
            body.cancel()
        }
    }

    private func objectName(_ name: String, _ form: ObjectNames.Form) throws -> String {
        var names = try ObjectNames(file: name, form: form)
        return try names.next(entry: nil)
    }

    private func require(_ assembly: DataAssembly) throws(Failure) {
        guard assembly.pages <= assembly.mostPages else {
            throw Failure(
                .permanent, code: "too-many-pages",
                message:
                    "the data has more than \(assembly.mostPages) pages: files.next may lead round in a circle; otherwise ask for longer pages"
            )
        }
    }

    /// The page at the cursor. What was read before it is not read again for a short wait or a passing failure: an export with more pages
    /// than the provider gives at a time would never end. The first page is left to the file's own backoff, which holds no place.
    private func page(at cursor: DataCursor) async throws -> DataPage {
        let retry = provider.definition.retry
        var waited = Duration.zero
        var failures = 0
        while true {
            do throws(Failure) {
                return try await ask(at: cursor)
            } catch {
                if error.countsAsAttempt { failures += 1 }
                let delay = max(
                    retry.delay(failures: max(failures, 1), retryAfter: error.retryAfter, random: Jitter.shared.next()), .milliseconds(50))
                waited += delay
                let isBrief = waited <= Self.longestPageWait && (!error.countsAsAttempt || failures < Self.pageTries)
                guard cursor.token != nil, error.failureClass.isRetriable, isBrief else { throw error }
                logger.notice("the next page has to wait for \(delay): \(error.message)")
                try await Task.sleep(for: delay)
            }
        }
    }

    /// For one page in all.
    private static let longestPageWait = Duration.seconds(180)
    private static let pageTries = 4

    /// Asks whether the provider may be asked now, and reports its answer.
    private func ask(at cursor: DataCursor) async throws(Failure) -> DataPage {
        let permission = await gate.admit(.list)
        if case .wait(let time) = permission {
            throw Failure.paused("the provider asked for a pause, or is down", for: time)
        }
        let begun = ContinuousClock.now
        do throws(Failure) {
            let page = try await provider.dataPage(context, exportHandle: exportHandle, at: cursor)
            _ = await gate.report(
                .list, permission, of: claimed.job.id, failure: nil, took: .now - begun, budget: await provider.takeBudget(.list))
            return page
        } catch {
            throw await gate.report(
                .list, permission, of: claimed.job.id, failure: error, took: .now - begun, budget: await provider.takeBudget(.list))
                ?? error
        }
    }
}
