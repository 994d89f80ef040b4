import Encoding

/// What a job knows of its export at the provider: the values that the provider file stores, and Longhaul's own notes.
///
/// The store keeps it as one compact JSON object. The notes are its first member, named `@`; most exports have none, and cost nothing for it.
public struct ExportHandle: Sendable, Equatable {
    /// What the provider file stores: a compact JSON object.
    public var values: String
    /// The version of the provider file that the export was created with; `nil`: the present one.
    public var plan: String?
    /// The entry of `steps` that comes next, from 0; `nil`: the wait of `status`.
    public var step: Int?
    /// What is missing, if the provider called the export partial.
    public var partial: String?
    /// How long after its creation the export began to run, in milliseconds; `nil`: it is queued, or nobody asks.
    public var runningAfter: Int64?

    /// The name of the member that holds the notes.
    public static let notesName = "@"
    private static let opening = "{\"\(notesName)\":"

    /// - Parameter text: as `text` made it, or a JSON object without notes.
    public init(_ text: String) {
        values = text
        guard text.hasPrefix(Self.opening), let sorted = SortedJSON.members(text, .asWritten)?[Self.notesName],
            let notes = SortedJSON.members(sorted, .asWritten)
        else { return }
        plan = notes["plan"].flatMap { SortedJSON.string($0) }
        step = notes["step"].flatMap { Int($0) }
        partial = notes["partial"].flatMap { SortedJSON.string($0) }
        runningAfter = notes["running"].flatMap { Int64($0) }
        // The same members in another order are as long.
        let rest = text.dropFirst(Self.opening.count + sorted.count)
        values = "{" + (rest.first == "," ? rest.dropFirst() : rest)
    }

    /// The version of the provider file, without reading the rest: it is looked up for each check.
    public static func plan(of text: String?) -> Substring? {
        guard let text, text.utf8.starts(with: planOpening.utf8) else { return nil }
        return Substring(text.utf8.dropFirst(planOpening.utf8.count).prefix { $0 != UInt8(ascii: "\"") })
    }

    private static let planOpening = opening + "{\"plan\":\""

    public var text: String {
        guard plan != nil || step != nil || partial != nil || runningAfter != nil else { return values }
        var notes = JSONWriter()
        notes.object { json in
            if let plan { json.field("plan", plan) }
            if let partial { json.field("partial", partial) }
            if let runningAfter { json.field("running", runningAfter) }
            if let step { json.field("step", step) }
        }
        let members = values.dropFirst()
        return Self.opening + String(decoding: notes.bytes, as: UTF8.self) + (members == "}" ? "" : ",") + members
    }
}
