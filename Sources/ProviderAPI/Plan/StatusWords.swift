/// Maps the values of a status response to states: `states:` in the provider file.
struct StatusWords {
    enum State: String, CaseIterable {
        case queued, running, ready, partial, empty, failed, expired
    }

    private let states: [String: State]

    /// Values are compared as text: 202, `202` and `"202"` are equal.
    subscript(word: String) -> State? { states[word] }

    func has(_ state: State) -> Bool { states.values.contains(state) }

    /// The states of an API whose ready answer is the file.
    static let ofDownload = StatusWords(
        states: ["200": .ready, "202": .running, "409": .running, "423": .running, "425": .running].merging(
            // Where the file lies.
            ["301", "302", "303", "307", "308"].map { ($0, .ready) }, uniquingKeysWith: { $1 }))

    /// Whether a redirect is a state.
    var listsRedirect: Bool { states.keys.contains { $0.count == 3 && $0.hasPrefix("3") && Int($0) != nil } }

    private init(states: [String: State]) { self.states = states }

    /// - Parameter isOptional: whether `states` may be missing; the caller looks whether it is.
    init?(_ section: Section, isOptional: Bool = false) {
        let fix = "list the API's status values for each of \(State.allCases.map(\.rawValue).joined(separator: ", "))"
        guard let field = isOptional ? section["states"] : section.required("states", fix: fix),
            let table = field.section(State.allCases.map(\.rawValue))
        else { return nil }
        var states: [String: State] = [:]
        for entry in table.fields {
            guard let state = State(rawValue: entry.key) else { continue }
            for element in entry.value.elements {
                guard let word = element.text() else { continue }
                if let other = states.updateValue(state, forKey: word) {
                    element.problem("\"\(word)\" is already listed under \(other.rawValue)", fix: "remove one")
                }
            }
        }
        if table["ready"] == nil {
            field.report.add(field.node.mark, field.path + ".ready", "missing", fix: "list the API's values for a ready export")
        }
        self.states = states
    }
}
