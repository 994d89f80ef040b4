import Foundation
import Testing

/// The project's own rules about its sources, which no compiler checks.
@Suite("The floors") struct FloorTests {
    /// A module imports only from floors below its own. `ops/docs/architecture.md` has the same table.
    private static let floors: [[String]] = [
        [
            "CEpoll", "CRabbitMQ", "CHiredis", "CHiredisTLS", "CCurl", "CArchive", "CJq", "CMemory", "Encoding", "Retry", "ExportCore",
        ],
        ["EventThread"],
        ["RabbitMQ", "Redis", "HTTPClient", "Archive", "JQ"],
        ["ProviderAPI", "JobStore", "JobMessages", "ObjectStorage", "Telemetry"],
        ["Lifecycle"],
        ["Orchestrator", "Worker", "Sandbox"],
        ["longhaul"],
    ]

    /// Imports within a floor, each with its reason.
    private static let sideways: Set<String> = [
        // Backoff with full jitter is one formula, for the program's own loops and for the policies of providers.
        "ExportCore > Retry"
    ]

    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    @Test("hold: no file imports a module of its own floor or of one above, unless that is listed") func imports() throws {
        var floor: [String: Int] = [:]
        for (number, modules) in Self.floors.enumerated() { for module in modules { floor[module] = number } }
        var seen: Set<String> = []
        var violations: [String] = []
        for file in try Self.swiftFiles("Sources") {
            let module = file.pathComponents[Self.root.pathComponents.count + 1]
            guard let own = floor[module] else {
                violations.append("\(module) stands on no floor")
                continue
            }
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                guard let imported = Self.imported(line), let other = floor[imported], imported != module else { continue }
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
        let page = try String(contentsOf: Self.root.appending(path: "ops/docs/architecture.md"), encoding: .utf8)
        let rows = page.split(separator: "\n").compactMap { line -> (Int, [String])? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, let number = Int(cells[0]) else { return nil }
            return (number, cells[1].split(separator: " ").map { $0.trimmingCharacters(in: ["`"]) })
        }
        for (number, modules) in Self.floors.enumerated() {
            #expect(rows.filter { $0.0 == number }.flatMap(\.1).sorted() == modules.sorted(), "floor \(number)")
        }
    }

    private static func imported(_ line: Substring) -> String? {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position <= 2, words.count > position + 1, !line.hasPrefix("//") else {
            return nil
        }
        return String(words[position + 1])
    }

    static func swiftFiles(_ folder: String) throws -> [URL] {
        let files = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
        return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }
}
