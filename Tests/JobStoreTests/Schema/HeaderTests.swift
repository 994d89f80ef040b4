import Foundation
import Testing

@testable import JobStore

/// The sources that the tests compare.
enum Sources {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
    static let scripts = root.appending(path: "Sources/JobStore/Scripts"), calls = root.appending(path: "Sources/JobStore/Calls")

    static func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

    static func files(in folder: URL, ending: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == ending }.sorted { $0.path < $1.path }
    }
}

@Suite("A script and its Swift call") struct HeaderTests {
    private static let names = StoreScript.all.map(\.name)

    private func header(_ mark: String, of script: StoreScript) throws -> String? {
        let source = try Sources.text(Sources.scripts.appending(path: script.name + ".lua"))
        return source.split(separator: "\n").first { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
    }

    @Test("exist together, in files of one name") func files() throws {
        let scripts = try Sources.files(in: Sources.scripts, ending: "lua").map { $0.deletingPathExtension().lastPathComponent }
        #expect(scripts == Self.names.sorted())
        for name in scripts {
            let call = name.split(separator: "_").map(\.capitalized).joined() + ".swift"
            #expect(FileManager.default.fileExists(atPath: Sources.calls.appending(path: call).path), "\(call)")
        }
    }

    @Test("name the same arguments and the same reply", arguments: names) func headers(name: String) throws {
        let script = try #require(StoreScript.all.first { $0.name == name })
        #expect(try header("-- ARGV: ", of: script) == script.arguments.header)
        #expect(try header("-- Returns: ", of: script) == script.reply.header)
    }

    @Test("explain each of them in the docstring, in their order", arguments: names) func tables(name: String) throws {
        let script = try #require(StoreScript.all.first { $0.name == name })
        let call = name.split(separator: "_").map(\.capitalized).joined() + ".swift"
        let rows = try Sources.text(Sources.calls.appending(path: call)).matches(of: #/ /// \| ([A-Za-z]+) \| (.+) \|/#)
        let explained = rows.map { String($0.output.1) }.filter { $0 != "argument" && $0 != "reply" }
        let named = "\(script.arguments.header); \(script.reply.header)".matches(of: #/([A-Za-z]+)(?=,|;|$)/#).map { String($0.output.1) }
        #expect(explained == named)
    }

    @Test("take a number of values that the header allows") func numbers() {
        #expect(StoreScript.claim.arguments.allow(4) && !StoreScript.claim.arguments.allow(5))
        #expect([1, 3, 5].allSatisfy(StoreScript.postpone.arguments.allow) && !StoreScript.postpone.arguments.allow(2))
        #expect(StoreScript.apply.arguments.once == ["keep", "actor"] && StoreScript.apply.arguments.each.count == 9)
        #expect(StoreScript.membership.reply.once.isEmpty && StoreScript.membership.reply.each == ["name"])
    }

    @Test("include what they use and nothing else, each once") func includes() throws {
        let scripts = StoreScript.all.map { script in
            (script.name, script.script.source.split(separator: "\n").filter { $0.hasPrefix("local ") })
        }
        for file in try Sources.files(in: Sources.scripts.appending(path: "include"), ending: "lua") {
            for definition in try Sources.text(file).split(separator: "\n") where definition.hasPrefix("local ") {
                let uses = scripts.map { name, lines in (name, lines.count { $0 == definition }) }
                #expect(uses.allSatisfy { $0.1 <= 1 }, "\(definition)")
                #expect(uses.contains { $0.1 == 1 }, "no script uses \(definition) of \(file.lastPathComponent)")
            }
        }
        let leaveLine = StoreScript.leaveLine.script.source
        #expect(leaveLine.contains("function line_key") && !leaveLine.contains("CHECKS_LIMIT") && !leaveLine.contains("-- include: clock"))
        let claim = StoreScript.claim.script.source
        #expect(
            claim.contains("local function stepped(") && !claim.contains("local function with_answer("), "unused definitions are left out")
    }
}

@Suite("The keys of the store") struct KeyTests {
    /// A name that a key continues with: `job` of `job:`.
    private func names(_ source: String, _ pattern: Regex<(Substring, Substring)>) -> Set<String> {
        Set(source.matches(of: pattern).map { String($0.output.1.prefix { $0 != ":" }) })
    }

    private func include(_ name: String) throws -> String { try Sources.text(Sources.scripts.appending(path: "include/\(name).lua")) }

    @Test("are those that the scripts use") func scripts() throws {
        let partition = names(try include("job_keys"), #/TAG \.\. '([a-z:]+)'/#).union(["due"])
        #expect(partition == Set(Keys.Partition.allCases.map(\.rawValue)))
        let provider = names(try include("provider_keys"), #/TAG \.\. '([a-z:]+)'/#).union(["turns"])
        #expect(provider == Set(Keys.Provider.allCases.map(\.rawValue)))
        let downloads = names(try include("download_keys"), #/TAG \.\. '([a-z:]+)'/#).union(["turns"])
        #expect(downloads == Set(Keys.Downloads.allCases.map(\.rawValue)))
        for file in try Sources.files(in: Sources.scripts, ending: "lua") {
            #expect(try !Sources.text(file).contains("TAG"), "\(file.lastPathComponent) builds keys by itself")
        }
    }

    @Test("are those that ops/docs/store.md describes") func page() throws {
        let page = try Sources.text(Sources.root.appending(path: "ops/docs/store.md"))
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }.joined(separator: "\n")
        #expect(names(rows, #/\| `\{lh:NN\}:([a-zA-Z:]+)/#) == Set(Keys.Partition.allCases.map(\.rawValue)))
        #expect(names(rows, #/\| `\{lh:p:NAME\}:([a-zA-Z:]+)/#) == Set(Keys.Provider.allCases.map(\.rawValue)))
        #expect(names(rows, #/\| `\{lh:b:NAME\}:([a-zA-Z:]+)/#) == Set(Keys.Budget.allCases.map(\.rawValue)))
        #expect(names(rows, #/\| `\{lh:downloads\}:([a-zA-Z:]+)/#) == Set(Keys.Downloads.allCases.map(\.rawValue)))
        #expect(Set(rows.matches(of: #/\| `(lh:[a-z]+)`/#).map { String($0.output.1) }) == Set(Keys.Global.allCases.map(\.rawValue)))
    }

    @Test("are built in one Swift file") func oneFile() throws {
        let folder = Sources.root.appending(path: "Sources/JobStore")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        for file in files where file.pathExtension == "swift" && file.lastPathComponent != "Keys.swift" {
            #expect(try !Sources.text(file).contains("\"{lh:") && !Sources.text(file).contains("\"lh:"), "\(file.lastPathComponent)")
        }
    }
}
