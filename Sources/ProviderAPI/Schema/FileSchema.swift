import Foundation

/// The JSON Schema (draft-07) of provider files, for editors. It is made of what the decoder accepts, by reading files that have every key.
public enum FileSchema {
    /// - Parameter descriptions: the reference page of provider files, whose tables describe the keys.
    /// - Returns: JSON.
    public static func json(describedBy reference: String) throws -> String {
        let log = DecoderLog()
        for yaml in EveryKey.files {
            let source = try ProviderSource(yaml: yaml, file: "every-key.yaml")
            // A file with a problem would leave keys out.
            _ = try ProviderPlan(source, log: log)
        }
        var schema = SchemaBuilder(log: log, descriptions: KeyDescriptions(reference)).object("")
        schema["$schema"] = "http://json-schema.org/draft-07/schema#"
        schema["title"] = "A provider file of Longhaul"
        schema["description"] =
            "Describes an export API: https://jqlang.org filters and {{ templates }} in YAML. See ops/docs/providers.md."
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try JSONSerialization.data(withJSONObject: schema, options: options), as: UTF8.self) + "\n"
    }

    /// The keys that the decoder knows and that the files with every key do not have.
    static func missingKeys() throws -> [String] {
        let log = DecoderLog()
        for yaml in EveryKey.files { _ = try ProviderPlan(try ProviderSource(yaml: yaml, file: "every-key.yaml"), log: log) }
        return log.keys.flatMap { place, names in names.map { DecoderLog.child($0, of: place) } }.filter { log.analog(of: $0) == nil }
            .sorted()
    }
}

/// Turns what is known of each place into a schema.
private struct SchemaBuilder {
    let log: DecoderLog
    let descriptions: KeyDescriptions

    func object(_ place: String) -> [String: Any] {
        var alternatives = alternatives(log.analog(of: place) ?? place)
        var schema = alternatives.count == 1 ? alternatives.removeFirst() : alternatives.isEmpty ? [:] : ["anyOf": alternatives]
        schema["description"] = descriptions.text(of: place)
        return schema
    }

    private func alternatives(_ place: String) -> [[String: Any]] {
        let known = log.kinds[place] ?? []
        guard known.contains(.oneOrMany) else { return alternatives(place, of: known) }
        // What stands alone may stand in a list, and the other way round.
        let single = alternatives(place, of: known.union(log.kinds["\(place)[]"] ?? []).subtracting([.oneOrMany]))
        let element: [String: Any] = single.count == 1 ? single[0] : ["anyOf": single]
        let list: [String: Any] = ["type": "array", "items": element]
        return single + [list]
    }

    private func alternatives(_ place: String, of all: Set<DecoderLog.Kind>) -> [[String: Any]] {
        if all.contains(.any) { return [[:]] }
        var kinds = all
        let isSpecific = kinds.contains { kind in
            switch kind {
            case .boolean, .duration, .percentage, .rate, .bytes, .integer, .number, .words: true
            case .text, .any, .list, .oneOrMany, .map, .section: false
            }
        }
        // Each of them was read as text first.
        if isSpecific { kinds.remove(.text) }
        if kinds.contains(.section) { kinds.remove(.map) }
        let sorted = kinds.sorted { "\($0)" < "\($1)" }
        return sorted.map { schema($0, place) }
    }

    private func schema(_ kind: DecoderLog.Kind, _ place: String) -> [String: Any] {
        switch kind {
        case .text: ["type": ["string", "number", "boolean"]]
        case .boolean: ["type": "boolean"]
        case .integer(let range): ["type": "integer", "minimum": range.lowerBound, "maximum": range.upperBound]
        case .number(let range): ["type": "number", "minimum": range.lowerBound, "maximum": range.upperBound]
        case .words(let words): ["enum": words.map { $0 == "false" ? false as Any : $0 }]
        case .duration: ["type": "string", "pattern": "^([0-9.]+(ms|s|m|h|d))+$"]
        case .percentage: ["type": "string", "pattern": "^[0-9]{1,3}%$"]
        case .rate: ["type": "string", "pattern": "^[0-9.]+/[smhd]( burst [0-9]+)?$"]
        case .bytes: ["type": ["string", "integer"], "pattern": "^[0-9.]+(B|KB|MB|GB|KiB|MiB|GiB)?$"]
        case .any: [:]
        case .list: ["type": "array", "items": object("\(place)[]")]
        case .oneOrMany: [:]
        case .map: ["type": "object", "additionalProperties": object(DecoderLog.child("*", of: place))]
        case .section: section(place)
        }
    }

    private func section(_ place: String) -> [String: Any] {
        let names = log.keys[place] ?? []
        var schema: [String: Any] = [
            "type": "object", "additionalProperties": false,
            "properties": Dictionary(uniqueKeysWithValues: names.map { ($0, object(DecoderLog.child($0, of: place))) }),
        ]
        let required = names.filter { log.isRequired($0, in: place) }
        if !required.isEmpty { schema["required"] = required.sorted() }
        return schema
    }
}
