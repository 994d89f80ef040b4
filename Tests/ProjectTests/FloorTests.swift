import Foundation
import Testing

/// The project's own rules about its sources, which no compiler checks.
@Suite("The floors") struct FloorTests {
    /// A module imports only from floors below its own. `ops/docs/architecture.md` has the same table.
    private static let floors: [[String]] = [
        [
            "CEpoll", "CRabbitMQ", "CHiredis", "CHiredisTLS", "CCurl", "CArchive", "CBrotli", "CZstd", "CJq", "CMemory", "Encoding",
            "Retry", "Instruments", "ExportCore",
        ],
        ["EventThread", "PollSimulation", "TraceContext"],
        ["RabbitMQ", "Redis", "HTTPClient", "Archive", "JQ", "AWSSignature"],
        ["ProviderAPI", "JobStore", "JobMessages", "ObjectStorage", "OpenTelemetry", "Telemetry"],
        ["Lifecycle", "Trail"],
        ["Orchestrator", "Worker", "Callbacks", "Sandbox"],
        ["longhaul"],
    ]

    /// Imports within a floor, each with its reason.
    private static let sideways: Set<String> = [
        // Backoff with full jitter is one formula, for the program's own loops and for the policies of providers.
        "ExportCore > Retry",
        // The date in a job's object keys.
        "ExportCore > Encoding",
    ]

    @Test("hold: no file imports a module of its own floor or of one above, unless that is listed") func imports() throws {
        var floor: [String: Int] = [:]
        for (number, modules) in Self.floors.enumerated() { for module in modules { floor[module] = number } }
        var seen: Set<String> = []
        var violations: [String] = []
        for file in ProjectSources.swiftFiles("Sources") {
            let module = ProjectSources.module(of: file)
            guard let own = floor[module] else {
                violations.append("\(module) stands on no floor")
                continue
            }
            for imported in try ProjectSources.imports(of: file) {
                guard let other = floor[imported], imported != module else { continue }
                let arrow = "\(module) > \(imported)"
                if other == own { seen.insert(arrow) }
                if other > own || other == own && !Self.sideways.contains(arrow) {
                    violations.append("\(file.lastPathComponent): \(arrow)")
                }
            }
        }
        #expect(Set(violations).sorted() == [])
        #expect(Self.sideways.subtracting(seen).sorted() == [], "listed, but not used any more")
    }

    @Test("are the same as on the architecture page") func page() throws {
        let page = try ProjectSources.text("ops/docs/architecture.md")
        let rows = page.split(separator: "\n").compactMap { line -> (Int, [String])? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, let number = Int(cells[0]) else { return nil }
            return (number, cells[1].split(separator: " ").map { $0.trimmingCharacters(in: ["`"]) })
        }
        for (number, modules) in Self.floors.enumerated() {
            #expect(rows.filter { $0.0 == number }.flatMap(\.1).sorted() == modules.sorted(), "floor \(number)")
        }
    }
}
