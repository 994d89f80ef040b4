import Encoding
import ExportCore

extension JobRequest {
    /// The names of what another request with the same id asks for otherwise: `provider`, `tenant`, `webhook`, `parameters.NAME`. Values are
    /// not named: they may be secret. Empty if both are the same job.
    ///
    /// Parameters are compared as JSON: the order of members, white space, escapes and the way to write a number do not matter; every digit
    /// does. Priority, correlation id and trace may differ: they say nothing about the export, and a submitter that sends a message again
    /// may choose new ones.
    public func differences(from other: JobRequest) -> [String] {
        var names: [String] = []
        if provider != other.provider { names.append("provider") }
        if tenant != other.tenant { names.append("tenant") }
        if webhook != other.webhook { names.append("webhook") }
        return names + parameterDifferences(from: other)
    }

    /// The parameters in a form that is the same for all ways to write the same JSON; as they are if they are not JSON.
    public var canonicalParameters: String { SortedJSON.text(parameters, .byValue) ?? parameters }

    private func parameterDifferences(from other: JobRequest) -> [String] {
        guard parameters != other.parameters else { return [] }
        // Admitted parameters are always an object; anything else differs from everything.
        guard let mine = SortedJSON.members(parameters, .byValue), let theirs = SortedJSON.members(other.parameters, .byValue) else {
            return ["parameters"]
        }
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted().map { "parameters.\($0)" }
    }
}
