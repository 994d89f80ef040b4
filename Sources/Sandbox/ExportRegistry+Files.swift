/// Listings and downloads.
extension ExportRegistry {
    /// One page of a file listing.
    struct Page: Sendable {
        var status: ExportStatus
        var files: [ListedFile]
        /// The index of the first file on the next page.
        var next: Int?
        /// What the listing lacks; nil if it is complete.
        var late: LateLinks?
    }

    struct ListedFile: Sendable {
        var layout: FileLayout
        var isExpired: Bool
    }

    func list(_ id: ExportID, from first: Int) -> Outcome<Page> {
        withExport(id) { export, statistics, now in
            export.occasions.listings += 1
            let status = export.status(at: now)
            if let fault = listingFault(of: export, status, now) {
                inject(fault, at: .files, into: &export, &statistics)
                return fault.fault == .lateLinks
                    ? .answer(latePage(of: export, from: first, fault.form(LateLinks.self))) : .fault(fault)
            }
            guard status == .done else { return .answer(Page(status: status, files: [], next: nil)) }
            let last = min(export.fileCount, first + configuration.pageSize)
            let files = (min(first, last)..<last).map { index in
                let occasion = export.count(\.listings, file: index)
                let fault = export.plan.faults.decide(at: .link, key: export.randomKey, file: index, occasion: occasion)
                if let fault { inject(fault, at: .link, into: &export, file: index, &statistics) }
                return ListedFile(layout: FileLayout(export, index: index), isExpired: fault?.fault == .expiredLink)
            }
            return .answer(Page(status: status, files: files, next: last < export.fileCount ? last : nil))
        }
    }

    /// The fault of a listing. An export that the fault `lateLinks` has hit lacks its links until `configuration.lateLinks` after its end.
    private func listingFault(of export: SimulatedExport, _ status: ExportStatus, _ now: Int64) -> InjectedFault? {
        let (faults, key, occasion) = (export.plan.faults, export.randomKey, Int(export.occasions.listings))
        let decided = faults.decide(at: .files, key: key, occasion: occasion)
        // Links can only be late at the end; before it, and without one, there is no listing at all.
        if let decided { return decided.fault == .lateLinks && status != .done ? nil : decided }
        guard status == .done, export.injected.contains(.lateLinks) else { return nil }
        guard now < export.readyAt + configuration.lateLinks.nanoseconds else { return nil }
        return InjectedFault(.lateLinks, at: .files, key: key, occasion: occasion)
    }

    /// A page after the first is never empty: a client would take that for the end of the list.
    private func latePage(of export: SimulatedExport, from first: Int, _ late: LateLinks) -> Page {
        guard late == .nullURLs || first > 0 else { return Page(status: .done, files: [], next: nil, late: late) }
        let last = min(export.fileCount, first + configuration.pageSize)
        let files = (min(first, last)..<last).map { ListedFile(layout: FileLayout(export, index: $0), isExpired: false) }
        return Page(status: .done, files: files, next: last < export.fileCount ? last : nil, late: .nullURLs)
    }

    /// A file to send, and the fault that changes its body.
    struct Download: Sendable {
        var layout: FileLayout
        var fault: InjectedFault?
    }

    func download(_ id: ExportID, file index: Int) -> Outcome<Download> {
        withExport(id) { export, statistics, now in
            guard export.status(at: now) == .done, (0..<export.fileCount).contains(index) else { return .unknown }
            let occasion = export.count(\.downloads, file: index)
            let fault = export.plan.faults.decide(at: .download, key: export.randomKey, file: index, occasion: occasion)
            if let fault { inject(fault, at: .download, into: &export, file: index, &statistics) }
            switch fault?.fault {
            case .slowBody, .truncatedBody, .corruptBody, .partial, .oddCoding, nil:
                return .answer(Download(layout: FileLayout(export, index: index), fault: fault))
            default: return fault.map(Outcome.fault) ?? .unknown
            }
        }
    }
}
