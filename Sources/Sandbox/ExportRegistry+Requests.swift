extension ExportRegistry {
    /// The status of an export, or the fault that replaces the response.
    func status(_ id: ExportID) -> Outcome<View> {
        withExport(id) { export, statistics, now in
            export.occasions.statuses += 1
            let fault = export.plan.faults.decide(
                at: .status, key: export.randomKey, occasion: Int(export.occasions.statuses))
            if let fault {
                inject(fault, at: .status, into: &export, &statistics)
                return .fault(fault)
            }
            let view = export.view(at: now)
            if view.status.isFinal { export.detectedAt = min(export.detectedAt, now) }
            return .answer(view)
        }
    }

    /// The export of an idempotency key.
    func find(key: String) -> Outcome<View> {
        let identity = Draw.mix(configuration.seed ^ Draw.hash(key))
        let now = clock.now()
        return state.withLock { state in
            let occasion = count(Draw(identity, .fault).bits, &state)
            guard let export = slot(for: key, identity: identity, state).1 else {
                let fault = faults.decide(at: .find, key: identity, occasion: occasion)
                guard let fault else { return .unknown }
                state.statistics.faults[fault, default: 0] += 1
                return .fault(fault)
            }
            guard let fault = export.plan.faults.decide(at: .find, key: export.randomKey, occasion: occasion) else {
                return .answer(export.view(at: now))
            }
            var marked = export
            inject(fault, at: .find, into: &marked, &state.statistics)
            state.exports[export.id] = marked
            return .fault(fault)
        }
    }

    /// The outcome of a cancel request.
    enum Cancellation: Sendable {
        case cancelled(View)
        /// The export has already ended in another way.
        case tooLate(View)
    }

    func cancel(_ id: ExportID) -> Outcome<Cancellation> {
        withExport(id) { export, statistics, now in
            export.occasions.cancels += 1
            let fault = export.plan.faults.decide(
                at: .cancel, key: export.randomKey, occasion: Int(export.occasions.cancels))
            if let fault { inject(fault, at: .cancel, into: &export, &statistics) }
            if let fault, fault != .lostAnswer { return .fault(fault) }
            let status = export.status(at: now)
            if !status.isFinal {
                export.cancelledAt = now
                statistics.cancelled += 1
                log.cancelled(export, now: now)
            }
            if let fault { return .fault(fault) }
            let view = export.view(at: now)
            return .answer(view.status == .cancelled ? .cancelled(view) : .tooLate(view))
        }
    }

    /// One page of a file listing.
    struct Page: Sendable {
        var status: ExportStatus
        var files: [ListedFile]
        /// The index of the first file on the next page.
        var next: Int?
    }

    struct ListedFile: Sendable {
        var layout: FileLayout
        var isExpired: Bool
    }

    func list(_ id: ExportID, from first: Int) -> Outcome<Page> {
        withExport(id) { export, statistics, now in
            export.occasions.listings += 1
            let fault = export.plan.faults.decide(
                at: .files, key: export.randomKey, occasion: Int(export.occasions.listings))
            if let fault {
                inject(fault, at: .files, into: &export, &statistics)
                return .fault(fault)
            }
            let status = export.status(at: now)
            guard status == .done else { return .answer(Page(status: status, files: [], next: nil)) }
            let last = min(export.fileCount, first + configuration.pageSize)
            let files = (min(first, last)..<last).map { index in
                let occasion = export.count(\.listings, file: index)
                let fault = export.plan.faults.decide(at: .link, key: export.randomKey, file: index, occasion: occasion)
                if let fault { inject(fault, at: .link, into: &export, file: index, &statistics) }
                return ListedFile(layout: FileLayout(export, index: index), isExpired: fault == .expiredLink)
            }
            return .answer(Page(status: status, files: files, next: last < export.fileCount ? last : nil))
        }
    }

    /// A file to send, and the fault that damages its body.
    struct Download: Sendable {
        var layout: FileLayout
        var fault: Fault?
    }

    func download(_ id: ExportID, file index: Int) -> Outcome<Download> {
        withExport(id) { export, statistics, now in
            guard export.status(at: now) == .done, (0..<export.fileCount).contains(index) else { return .unknown }
            let occasion = export.count(\.downloads, file: index)
            let fault = export.plan.faults.decide(at: .download, key: export.randomKey, file: index, occasion: occasion)
            if let fault { inject(fault, at: .download, into: &export, file: index, &statistics) }
            switch fault {
            case .slowBody, .truncatedBody, .corruptBody, nil:
                return .answer(Download(layout: FileLayout(export, index: index), fault: fault))
            case .some(let fault): return .fault(fault)
            }
        }
    }
}
