import Encoding
import Foundation
import ProviderAPI

/// The parameters of a job on the command line. They are sent as they are written: a number keeps all its digits.
struct JobParameters {
    /// A JSON object; `nil`: none.
    let object: String?
    /// `name=value`, which counts over the object.
    let pairs: [String]
    /// What the provider says about parameters, where it is known: one that must be text is sent as text, although it looks like a number.
    var schema: ParameterSchema?

    /// The JSON object to send, its members in the order of their names.
    /// - Throws: a `Problem` that names the option.
    func json() throws -> String {
        var members: [String: String] = [:]
        if let object {
            guard Self.isJSON(object), let given = SortedJSON.members(object, .asWritten) else {
                throw Problem.usage("--parameters must be a JSON object such as '{\"report\": \"orders\"}'")
            }
            members = given
        }
        var named: Set<Substring> = []
        let texts = schema?.textParameters ?? []
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { throw Problem.usage("--parameter \(pair): must be name=value") }
            guard named.insert(parts[0]).inserted else { throw Problem.usage("--parameter \(parts[0]) is there twice; remove one") }
            let name = String(parts[0]), value = String(parts[1])
            members[name] = texts.contains(name) ? Self.text(value) : Self.value(value)
        }
        var writer = JSONWriter()
        writer.object { json in
            for (name, value) in members.sorted(by: { $0.key < $1.key }) { json.field(name, json: value) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Most values are plain text and not JSON.
    private static func value(_ text: String) -> String {
        if isJSON(text), let json = SortedJSON.text(text, .asWritten) { return json }
        return self.text(text)
    }

    private static func text(_ text: String) -> String {
        // Whoever writes the quotes means JSON.
        if text.hasPrefix("\""), isJSON(text), let json = SortedJSON.text(text, .asWritten) { return json }
        var writer = JSONWriter()
        writer.field(nil, text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Whether the readers of job messages take it for JSON; they also refuse numbers that are too large for them, such as 1e999.
    private static func isJSON(_ text: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil  // plain text is no error
    }
}
