/// Listings and downloads.
extension ExportRegistry {
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
