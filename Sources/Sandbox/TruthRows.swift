import Encoding

/// Exports as lines of NDJSON, each with the true sizes and checksums of its files as served and unpacked.
///
/// A chunk ends at 32 KiB or after 200 ms, so that output flows even if many files must be generated first.
struct TruthRows: BodySource {
    private var ids: [ExportID]?
    let registry: ExportRegistry
    let facts: FileFactsCache
    private var position = 0

    var pause: Duration? { nil }

    /// - Parameter ids: nil for all that exist when the first chunk is made.
    init(ids: [ExportID]?, registry: ExportRegistry, facts: FileFactsCache) {
        self.ids = ids
        self.registry = registry
        self.facts = facts
    }

    mutating func next() throws -> [UInt8]? {
        let ids = self.ids ?? registry.ids()
        self.ids = ids
        var json = JSONWriter(capacity: 40_000)
        let start = ContinuousClock.now
        while position < ids.count {
            // An export that was dropped meanwhile has no row.
            if let export = registry.snapshot(of: ids[position]) { try write(export, &json) }
            position += 1
            if json.bytes.count >= 32_768 || (!json.bytes.isEmpty && start.duration(to: .now) > .milliseconds(200)) { break }
        }
        return json.bytes.isEmpty ? nil : json.bytes
    }

    private func write(_ export: SimulatedExport, _ json: inout JSONWriter) throws {
        let status = export.status(at: registry.clock.now())
        var files: [(FileLayout, FileFacts)] = []
        if status == .done {
            for index in 0..<export.fileCount {
                let layout = FileLayout(export, index: index)
                files.append((layout, try facts.facts(of: layout)))
            }
        }
        json.object { row in
            row.field("id", export.id.text)
            row.field("idempotencyKey", export.idempotencyKey)
            row.field("report", export.plan.order.report)
            row.field("status", status.rawValue)
            row.field("outcome", export.outcome.rawValue)
            row.field("createdAt", nanoseconds: export.createdAt)
            row.field("readyAt", nanoseconds: export.readyAt)
            row.field("detectedAt", nanoseconds: export.detectedAt)
            row.object("requests") { requests in
                requests.field("create", Int(export.occasions.creates))
                requests.field("start", Int(export.occasions.starts))
                requests.field("status", Int(export.occasions.statuses))
                requests.field("files", Int(export.occasions.listings))
                requests.field("cancel", Int(export.occasions.cancels))
                requests.field("download", export.fileOccasions.reduce(0) { $0 + Int($1.downloads) })
            }
            row.array("faults") { list in
                for fault in Fault.allCases where export.injected.contains(fault) { list.field(nil, fault.rawValue) }
            }
            row.array("files") { list in
                for (layout, facts) in files { list.object { Self.write(layout, facts, &$0) } }
            }
        }
        json.endLine()
    }

    private static func write(_ layout: FileLayout, _ facts: FileFacts, _ json: inout JSONWriter) {
        json.field("name", layout.name)
        json.field("compression", layout.compression.rawValue)
        json.field("bytes", facts.bytes)
        json.field("sha256", Hexadecimal.text(facts.sha256))
        json.array("entries") { list in
            for (entry, sha256) in zip(layout.entries, facts.entrySHA256) {
                list.object { object in
                    object.field("name", entry.name)
                    object.field("bytes", entry.content.bytes)
                    object.field("sha256", Hexadecimal.text(sha256))
                }
            }
        }
    }
}
