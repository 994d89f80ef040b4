/// The text of one option, and functions to parse it.
struct OptionText {
    var option: String
    var value: String

    func problem(_ problem: String) -> SandboxOptionError {
        SandboxOptionError(option: option, value: value, problem: problem)
    }

    func whole(_ range: ClosedRange<Int>) throws(SandboxOptionError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw problem("expected an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func seed() throws(SandboxOptionError) -> UInt64 {
        guard let seed = UInt64(value) else { throw problem("expected a non-negative integer") }
        return seed
    }

    func duration() throws(SandboxOptionError) -> Duration {
        let seconds = try Quantity.duration.parse(value, option: option)
        guard seconds <= Quantity.duration.ceiling else { throw problem("expected at most 30d") }
        return Duration(optionSeconds: seconds)
    }

    func distribution(_ quantity: Quantity) throws(SandboxOptionError) -> Distribution {
        try Distribution(parsing: value, quantity: quantity, option: option)
    }

    func list<Choice: RawRepresentable<String> & CaseIterable>(of type: Choice.Type) throws(SandboxOptionError) -> [Choice] {
        var choices: [Choice] = []
        for name in value.split(separator: ",", omittingEmptySubsequences: false) {
            guard let choice = Choice(rawValue: String(name)) else {
                let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw problem("unknown “\(name)”; use \(names), separated by commas")
            }
            choices.append(choice)
        }
        return choices
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(of type: Choice.Type) throws(SandboxOptionError) -> Choice {
        guard let choice = Choice(rawValue: value) else {
            throw problem("use one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    func retryHint() throws(SandboxOptionError) -> RetryHint {
        switch value {
        case "off": .off
        case "remaining": .remaining
        default: .fixed(try duration())
        }
    }

    func baseURL() throws(SandboxOptionError) -> String? {
        if value.isEmpty { return nil }
        guard value.hasPrefix("http://") || value.hasPrefix("https://") else {
            throw problem("expected a URL that begins with http:// or https://")
        }
        return value.hasSuffix("/") ? String(value.dropLast()) : value
    }
}
