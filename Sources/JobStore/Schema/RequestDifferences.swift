import ExportCore
import Foundation

extension JobRequest {
    /// The names of what another request with the same id asks for otherwise: `provider`, `tenant`, `webhook`, `parameters.NAME`. Values are
    /// not named: they may be secret. Empty if both are the same job.
    ///
    /// Parameters are compared as JSON: the order of members and white space do not matter. Priority, correlation id and trace may differ:
    /// they say nothing about the export, and a submitter that sends a message again may choose new ones.
    public func differences(from other: JobRequest) -> [String] {
        var names: [String] = []
        if provider != other.provider { names.append("provider") }
        if tenant != other.tenant { names.append("tenant") }
        if webhook != other.webhook { names.append("webhook") }
        return names + parameterDifferences(from: other)
    }

    /// The parameters in a form that is the same for all ways to write the same JSON; as they are if they are not JSON.
    public var canonicalParameters: String {
        guard let value = try? JSONSerialization.jsonObject(with: Data(parameters.utf8)),
            let data = try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys)
        else { return parameters }
        return String(decoding: data, as: UTF8.self)
    }

    private func parameterDifferences(from other: JobRequest) -> [String] {
        guard parameters != other.parameters else { return [] }
        guard let mine = Self.members(parameters), let theirs = Self.members(other.parameters) else { return ["parameters"] }
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted().map { "parameters.\($0)" }
    }

    /// Each member of a JSON object in canonical form; `nil` if the text is none.
    private static func members(_ text: String) -> [String: Data]? {
        // Admitted parameters are always an object; anything else differs from everything.
        guard let object = (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] else { return nil }
        var members: [String: Data] = [:]
        for (name, value) in object {
            guard let data = try? JSONSerialization.data(withJSONObject: [value], options: .sortedKeys) else { return nil }
            members[name] = data
        }
        return members
    }
}
