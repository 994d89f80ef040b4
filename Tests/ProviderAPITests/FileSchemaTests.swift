import Foundation
import Testing
import Yams

@testable import ProviderAPI

@Suite("The JSON Schema of provider files")
struct FileSchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    private static func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

    private static func schema() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text("ops/providers/schema.json").utf8)) as? [String: Any])
    }

    /// Provider files that the decoder accepts.
    private static func files() throws -> [(name: String, yaml: String)] {
        let folder = root.appending(path: "ops/providers")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
        let page = try text("ops/docs/providers.md")
        let examples = page.split(separator: "```yaml\n").map {
            String($0.prefix(upTo: $0.firstRange(of: "```")?.lowerBound ?? $0.endIndex))
        }
        return try names.map { ($0, try text("ops/providers/\($0)")) }
            + examples.filter { $0.hasPrefix("provider:") }.map { ("an example", $0) }
            + EveryKey.files.map { ("every key", $0) }
    }

    @Test("is what the decoder gives: longhaul provider schema --reference ops/docs/providers.md > ops/providers/schema.json")
    func generated() throws {
        #expect(try FileSchema.json(describedBy: Self.text("ops/docs/providers.md")) == Self.text("ops/providers/schema.json"))
    }

    @Test("has every key that the decoder knows") func complete() throws {
        let missing = try FileSchema.missingKeys()
        #expect(missing == [])
    }

    @Test("describes every key") func described() throws {
        var missing: [String] = []
        func walk(_ schema: [String: Any], _ place: String) {
            for (name, value) in schema["properties"] as? [String: [String: Any]] ?? [:] {
                if value["description"] == nil { missing.append("\(place).\(name)") }
                walk(value, "\(place).\(name)")
            }
            for value in schema["anyOf"] as? [[String: Any]] ?? [] { walk(value, place) }
            for key in ["items", "additionalProperties"] { if let value = schema[key] as? [String: Any] { walk(value, place) } }
        }
        walk(try Self.schema(), "")
        #expect(missing.sorted() == [])
    }

    @Test("accepts what the decoder accepts") func accepts() throws {
        let schema = try Self.schema()
        for (name, yaml) in try Self.files() {
            let problems = SchemaCheck.problems(try Yams.load(yaml: yaml), schema, name)
            #expect(problems == [], "\(yaml.prefix(2000))")
        }
    }

    @Test(
        "refuses what the decoder refuses",
        arguments: [
            ("polling:", "pollling:"), ("states:", "status:"), ("maxWait: 2h", "maxWait: soon"), ("policy: learned", "policy: guessed"),
            ("attempts: 3", "attempts: 0"), ("failures: 50%", "failures: half"), ("creates: 1/s", "creates: 10"),
            ("answer: 1MiB", "answer: much"),
            ("idempotent: true", "idempotent: maybe"), ("unpack: none", "unpack: gzipp"), ("baseURL:", "base:"), ("items:", "item:"),
            ("region: r, accessKeyId", "regio: r, accessKeyId"), ("as: seconds", "as: hours"),
        ])
    func refuses(text: String, other: String) async throws {
        let yaml = try #require(EveryKey.files.first { $0.contains("provider: everything") })
        try #require(yaml.contains(text))
        let wrong = yaml.replacing(text, with: other)
        #expect(await !TestProvider.problems(wrong).isEmpty)
        #expect(try !SchemaCheck.problems(try Yams.load(yaml: wrong), Self.schema(), "").isEmpty)
    }
}

/// The part of JSON Schema draft-07 that the schema uses.
private enum SchemaCheck {
    static func problems(_ value: Any?, _ schema: [String: Any], _ place: String) -> [String] {
        if let alternatives = schema["anyOf"] as? [[String: Any]] {
            let all = alternatives.map { problems(value, $0, place) }
            return all.contains([]) ? [] : ["\(place): no alternative: \(all.flatMap { $0 }.prefix(3))"]
        }
        if let words = schema["enum"] as? [Any] {
            return words.contains { "\($0)" == "\(value ?? "")" || ($0 as? Bool) == false && (value as? Bool) == false }
                ? [] : ["\(place): not in \(words)"]
        }
        var found: [String] = []
        if let type = schema["type"] {
            let types = type as? [String] ?? [type as? String ?? ""]
            if !types.contains(where: { isOf($0, value) }) { return ["\(place): \(value ?? "null") is not of \(types)"] }
        }
        if let pattern = schema["pattern"] as? String, let text = value as? String,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            found.append("\(place): \(text) does not match \(pattern)")
        }
        if let least = schema["minimum"] as? Int, let number = value as? Int, number < least { found.append("\(place): below \(least)") }
        if let items = schema["items"] as? [String: Any] {
            for (index, element) in (value as? [Any] ?? []).enumerated() { found += problems(element, items, "\(place)[\(index)]") }
        }
        guard let members = value as? [String: Any] else { return found }
        for name in schema["required"] as? [String] ?? [] where members[name] == nil { found.append("\(place).\(name): missing") }
        let known = schema["properties"] as? [String: [String: Any]] ?? [:]
        for (name, member) in members {
            if let part = known[name] {
                found += problems(member, part, "\(place).\(name)")
            } else if schema["additionalProperties"] as? Bool == false {
                found.append("\(place).\(name): unknown")
            } else if let other = schema["additionalProperties"] as? [String: Any] {
                found += problems(member, other, "\(place).\(name)")
            }
        }
        return found
    }

    private static func isOf(_ type: String, _ value: Any?) -> Bool {
        switch type {
        case "object": value is [AnyHashable: Any]
        case "array": value is [Any]
        case "boolean": value is Bool
        case "integer": value is Int && !(value is Bool)
        case "number": value is Int || value is Double
        case "string": value is String || value is Date
        default: false
        }
    }
}
