import JQ

/// The JSON texts that a filter's input was parsed from. They tell which strings of digits were numbers, see `ExactIntegers`.
struct JSONSources {
    var parameters = ""
    var handle: String?
    var page: String?
    /// The body of the answer.
    var answer: [UInt8] = []

    /// The output of a filter as JSON text. Large integers are numbers where they were numbers, unless the filter makes text of them.
    func json(_ value: JQValue, of filter: Filter) -> String {
        let json = value.json
        guard ExactIntegers.mayBe(in: json) else { return json }
        let text = filter.program.filter
        if value.kind == .string, Self.textMakers.contains(where: { text.contains($0) }) { return json }
        var integers = integers(of: filter.parts)
        if text.contains("tonumber") { integers.insert(stringsIn: json) }
        return integers.restored(json)
    }

    /// Those that may be in the output of a filter that reads these parts.
    func integers(of parts: ContextParts) -> ExactIntegers {
        var integers = ExactIntegers()
        if parts.contains(.parameters) { integers.insert(numbersIn: parameters) }
        if parts.contains(.export), let handle { integers.insert(numbersIn: handle) }
        if parts.contains(.page), let page { integers.insert(numbersIn: page) }
        if parts.contains(.body) { integers.insert(numbersIn: answer) }
        return integers
    }

    private static let textMakers = ["tostring", "tojson", "@text", "@json", "\\("]
}
