import Foundation
import ProviderAPI
import Testing

@Suite("Provider files")
struct ProviderFileTests {
    /// The minimal valid file.
    static let least = """
        provider: p
        baseURL: https://api.example.com
        create: { request: POST /exports, export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
        files: { items: .response.body.files }
        """

    @Test("the minimal file is valid")
    func leastFile() async {
        #expect(await TestProvider.problems(Self.least) == [])
    }

    @Test("all problems of a file are reported at once, each with its position, field and fix")
    func golden() async throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
        for name in ["everything-wrong", "missing-parts", "not-yet"] {
            let yaml = try String(contentsOf: folder.appendingPathComponent("\(name).yaml"), encoding: .utf8)
            let expected = try String(contentsOf: folder.appendingPathComponent("\(name).txt"), encoding: .utf8)
            let found = ProviderFileError(await TestProvider.problems(yaml)).description + "\n"
            #expect(found == expected, "\(name):\n\(found)")
        }
    }

    @Test(
        "a file that is not a YAML mapping is reported with its position",
        arguments: [
            ("", "test.yaml:1:1: the file is empty"), ("- a\n", "test.yaml:1:1: a list where a mapping is expected"),
            ("provider: p\n  x: 1\n", "test.yaml:2:4: invalid YAML: mapping values are not allowed in this context"),
            ("provider: p\na: 1\na: 2\n", "test.yaml:2:1: a: duplicate key"),
            ("provider: Up\n", "test.yaml:1:11: provider: \"Up\" is not a valid name"),
            ("baseURL: x\n", "test.yaml:1:1: provider: missing"),
            ("provider: [\n", "test.yaml:2:1: invalid YAML: did not find expected node content"),
        ])
    func notYAML(yaml: String, description: String) async {
        let problems = await TestProvider.problems(yaml)
        #expect(problems.first?.description.hasPrefix(description) == true, "\(problems)")
    }

    @Test(
        "quantities are read with their units, and other text is rejected",
        arguments: [
            ("maxWait: 1h30m", true), ("maxWait: 500ms", true), ("maxWait: 1.5h", true), ("maxWait: 7d", true), ("maxWait: 15", false),
            ("maxWait: 15 s", false), ("maxWait: -1s", false), ("maxWait: s", false), ("maxAttempts: 0", false),
            ("maxAttempts: 1.5", false), ("min: 1m, max: 10m", true), ("min: 10m, max: 1m", false),
        ])
    func quantities(line: String, isValid: Bool) async {
        let problems = await TestProvider.problems(Self.least + "\npolling: { \(line) }")
        #expect(problems.isEmpty == isValid, "\(problems)")
    }

    @Test(
        "a filter inside a template may contain braces, strings and templates' own delimiters",
        arguments: [
            #"{{ {a: {b: .job.id}} | .a.b }}"#, #"{{ "}}" + .job.id }}"#, #"{{ "\(.job.id | "\({a: "}"}.a)")}}" }}"#,
            #"{{ "{{" }}-{{ .job.id }}"#,
        ])
    func braces(template: String) async {
        let yaml = Self.least.replacing("request: POST /exports,", with: "request: POST /exports, json: { x: '\(template)' },")
        #expect(await TestProvider.problems(yaml) == [])
    }

    @Test("every example of the reference page is valid")
    func documentation() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appendingPathComponent("ops/docs/providers.md"), encoding: .utf8)
        let examples = page.split(separator: "```yaml\n").dropFirst().map { $0[..<($0.firstRange(of: "```")?.lowerBound ?? $0.endIndex)] }
        let whole = examples.filter { $0.hasPrefix("provider:") }
        #expect(whole.count == 10)
        for example in whole { #expect(await TestProvider.problems(String(example)) == []) }
        // The others are keys to add to a file.
        for part in examples where !part.hasPrefix("provider:") {
            #expect(await TestProvider.problems(Self.least + "\n" + part) == [], "\(part)")
        }
    }

    @Test("a folder gives its provider files in order, and rejects two with the same name")
    func folder() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("providers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        try write("b.yml", Self.least.replacing("provider: p", with: "provider: second"))
        try write("a.yaml", Self.least)
        try write("notes.txt", "not a provider")
        try write(".hidden.yaml", "[")
        #expect(ProviderFolder.find([folder.path]).sources.map(\.name) == ["p", "second"])
        #expect(ProviderFolder.find([folder.path + "/b.yml"]).sources.map(\.name) == ["second"])

        try write("c.yaml", Self.least)
        try write("d.yaml", "[")
        let error = ProviderFileError(ProviderFolder.find([folder.path, "/no/such/folder"]).problems)
        #expect(error.problems.map(\.message).contains { $0.contains("\"p\" is already the name in \(folder.path)/a.yaml") })
        #expect(error.problems.contains { $0.file == "\(folder.path)/d.yaml" })
        #expect(error.problems.contains { $0.file == "/no/such/folder" })
    }

    @Test("all problems of all files are reported at once")
    func everyFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("providers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in [
            ("a", Self.least + "\nx: 1"), ("b", Self.least.replacing("provider: p", with: "provider: q") + "\ny: 1"), ("c", "["),
        ] {
            try Data(text.utf8).write(to: folder.appendingPathComponent("\(name).yaml"))
        }
        let problems = await TestProvider.problems(in: folder.path)
        #expect(problems.map { $0.file.suffix(6) } == ["a.yaml", "b.yaml", "c.yaml"])
    }
}
