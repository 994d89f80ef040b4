/// The entries of one file of an export, which determine its bytes.
struct FileLayout: Sendable, Hashable {
    let export: ExportID
    /// The index within the export, from 0.
    let index: Int
    let name: String
    let compression: FileCompression
    /// A single entry, or the entries of a zip file.
    let entries: [Entry]

    struct Entry: Sendable, Hashable {
        let name: String
        let content: CSVContent
    }

    init(_ export: SimulatedExport, index: Int) {
        let plan = export.plan
        let key = export.randomKey
        let choice = Draw(key, .compression).bits % UInt64(plan.compression.count)
        let compression = plan.compression[Int(choice)]
        let bytes = max(0, plan.bytesPerFile.whole(Draw(key, .fileBytes, index)))
        let count = compression == .zip ? max(1, min(1_000, plan.entries.whole(Draw(key, .entryCount, index)))) : 1
        let number = Self.padded(index + 1, width: 4)
        let stem = "\(plan.stem)-\(number)"
        self.export = export.id
        self.index = index
        self.compression = compression
        switch compression {
        case .none: name = "\(stem).csv"
        case .gzip: name = "\(stem).csv.gz"
        case .zip: name = "\(stem).zip"
        }
        entries = (0..<count).map { entry in
            let share = bytes / count + (entry < bytes % count ? 1 : 0)
            let name = compression == .zip ? "\(stem)-\(Self.padded(entry + 1, width: 3)).csv" : "\(stem).csv"
            return Entry(name: name, content: CSVContent(seed: Draw(key, .content, index, entry).bits, bytes: share))
        }
    }

    var contentType: String {
        switch compression {
        case .none: "text/csv"
        case .gzip: "application/gzip"
        case .zip: "application/zip"
        }
    }

    private static func padded(_ number: Int, width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
