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
            guard try signIn.set(text) else {
                let names = SandboxOption.all.map(\.name).joined(separator: ", ")
                throw text.problem("unknown option; use one of \(names)")
            }
        }
    }
}
