/// What the words of a status answer mean: `states:` of the file.
struct StatusWords {
    enum State: String, CaseIterable {
        case queued, running, ready, empty, failed, expired
    }

    private let states: [String: State]

    /// Words are compared as texts: 202, `202` and `"202"` are the same.
    subscript(word: String) -> State? { states[word] }

    init?(_ section: Section) {
        let mend = "write what the API answers for each of \(State.allCases.map(\.rawValue).joined(separator: ", "))"
        guard let field = section.required("states", mend: mend),
            let table = field.section(State.allCases.map(\.rawValue))
        else { return nil }
        var states: [String: State] = [:]
        for entry in table.fields {
            guard let state = State(rawValue: entry.key) else { continue }
            for element in entry.value.elements {
                guard let word = element.text() else { continue }
                if let other = states.updateValue(state, forKey: word) {
                    element.problem("\(word) stands for \(other.rawValue) too", mend: "keep one of them")
                }
            }
        }
        if table["ready"] == nil {
            field.report.add(field.node.mark, field.path + ".ready", "missing", mend: "write what the API answers when the files are there")
        }
        self.states = states
    }
}
