extension SandboxConfiguration {
    /// Sets one option from text, as given on a command line or in an environment variable.
    ///
    /// - Parameters:
    ///   - option: a name from `SandboxOption.all`.
    ///   - value: the text; `fault` can be set several times and adds a rule each time.
    /// - Throws: `SandboxOptionError` for an unknown option or an invalid value.
    public mutating func set(_ option: String, to value: String) throws(SandboxOptionError) {
        let text = OptionText(option: option, value: value)
        switch option {
        case "host": host = value
        case "port": port = try text.whole(0...65_535)
        case "loops": eventLoops = try text.whole(1...64)
        case "seed": seed = try text.seed()
        case "token": bearerToken = value.isEmpty ? nil : value
        case "public-url": publicURL = try text.baseURL()
        case "log": eventLog = value.isEmpty ? nil : value
        case "queue": queueTime = try text.distribution(.duration)
        case "duration": duration = try text.distribution(.duration)
        case "files": files = try text.distribution(.count)
        case "bytes": bytesPerFile = try text.distribution(.bytes)
        case "entries": entries = try text.distribution(.count)
        case "compression": compression = try text.list(of: FileCompression.self)
        case "fault": faults.append(try FaultRule(parsing: value, option: option))
        default: try setServing(text)
        }
    }

    private mutating func setServing(_ text: OptionText) throws(SandboxOptionError) {
        switch text.option {
        case "page-size": pageSize = try text.whole(1...10_000)
        case "checksums": checksums = try text.value == "none" ? [] : Set(text.list(of: FileChecksum.self))
        case "link-lifetime": linkLifetime = try text.duration()
        case "expired-status": expiredLinkStatus = try text.whole(400...499)
        case "retry-after": retryAfter = try text.retryHint()
        case "throttle-retry-after": throttleRetryAfter = try text.duration()
        case "slow-body": slowBody = try text.duration()
        case "late-links": lateLinks = try text.duration()
        case "max-exports": maxExports = try text.whole(1...50_000_000)
        case "max-hanging": maxHanging = try text.whole(0...100_000)
        case "idle-timeout": idleTimeout = try text.duration()
        default:
            let names = SandboxOption.all.map(\.name).joined(separator: ", ")
            throw text.problem("unknown option; use one of \(names)")
        }
    }
}

/// The text of one option, and functions to parse it.
private struct OptionText {
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
