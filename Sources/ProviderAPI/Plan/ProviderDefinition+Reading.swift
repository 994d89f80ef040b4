import ExportCore

extension ProviderDefinition {
    private enum PolicyWord: String, CaseIterable {
        case learned, tiered, fixed, backoff

        /// The keys that only some policies have.
        var keys: Set<String> {
            switch self {
            case .learned: ["min", "max", "targetLag", "pollsPerJob"]
            case .tiered: ["min", "max"]
            case .fixed: ["interval"]
            case .backoff: ["initial", "factor", "max"]
            }
        }
    }

    /// Reads `polling:` and returns the filter of `key`.
    mutating func readPolling(_ field: Field?, _ compiler: FilterCompiler) -> Filter? {
        let own = Set(PolicyWord.allCases.flatMap(\.keys))
        guard
            let section = field?.section(own.sorted() + ["policy", "first", "maxWait", "maxQueued", "maxRunning", "maxAttempts", "key"])
        else { return nil }
        let word = section["policy"]?.word(PolicyWord.self) ?? (section["interval"] == nil ? .learned : .fixed)
        for key in own.subtracting(word.keys).sorted() {
            let others = PolicyWord.allCases.filter { $0.keys.contains(key) }.map(\.rawValue).joined(separator: " or ")
            section[key]?.problem("the \(word) policy has no \(key)", fix: "remove it, or write policy: \(others)")
        }
        polling.policy = Self.policy(word, section)
        polling.first = section["first"]?.duration(in: .milliseconds(10) ... .seconds(7 * 86_400))
        if let wait = section["maxWait"]?.duration() { polling.maxWait = wait }
        polling.maxQueued = age("maxQueued", section)
        polling.maxRunning = age("maxRunning", section)
        if let attempts = section["maxAttempts"]?.integer(in: 1...1_000_000) { polling.maxAttempts = attempts }
        let key = section["key"].flatMap { compiler.filter($0) }
        polling.hasKey = key != nil
        return key
    }

    private static func policy(_ word: PolicyWord, _ section: Section) -> PollPolicy {
        let delays = Duration.milliseconds(10) ... .seconds(7 * 86_400)
        let shortest = section["min"]?.duration(in: delays) ?? .seconds(1)
        // What is learned may well say that nothing happens for an hour.
        let usual = word == .learned ? PollPolicy.longestLearned : PollPolicy.longestTiered
        let longest = section["max"]?.duration(in: delays) ?? max(usual, shortest)
        switch word {
        case .fixed:
            let fix = "write the time between two checks, such as 30s"
            return .fixed(interval: section.required("interval", fix: fix)?.duration(in: delays) ?? .seconds(60))
        case .backoff:
            let initial = section.required("initial", fix: "write the first delay, such as 30s")?.duration(in: delays) ?? .seconds(30)
            if initial > longest { section["initial"]?.problem("initial is longer than max", fix: "lower initial or raise max") }
            return .backoff(initial: initial, factor: section["factor"]?.number(in: 1...10) ?? 2, max: longest)
        case .tiered, .learned:
            if shortest > longest { section["min"]?.problem("min is longer than max", fix: "lower min or raise max") }
            guard word == .learned else { return .tiered(min: shortest, max: longest) }
            if section["targetLag"] != nil {
                section["pollsPerJob"]?.problem("targetLag and pollsPerJob exclude each other", fix: "remove one of them")
            }
            var aim = section["pollsPerJob"]?.number(in: 1...10_000).map { PollAim.checks($0) } ?? .usual
            if let lag = section["targetLag"]?.duration(in: delays) { aim = .lag(lag) }
            return .learned(aim: aim, min: shortest, max: longest)
        }
    }

    /// A bound within `maxWait`.
    private func age(_ key: String, _ section: Section) -> Duration? {
        guard let field = section[key], let age = field.duration() else { return nil }
        if age > polling.maxWait { field.problem("\(key) is longer than maxWait", fix: "lower it, or raise maxWait") }
        return age
    }

    /// Reads the sections that hold neither filters nor templates.
    mutating func readRules(_ root: Section) {
        readRetries(root)
        readBreaker(root["breaker"])
        if let rule = root["onFileFailure"]?.word(FileFailureRule.self) { onFileFailure = rule }
        limits.read(root["limits"])
        if let section = root["timeouts"]?.section(["connect", "firstByte", "stall", "whole"]) {
            let range = Duration.milliseconds(10) ... .seconds(3600)
            if let value = section["connect"]?.duration(in: range) { timeouts.connect = value }
            if let value = section["firstByte"]?.duration(in: range) { timeouts.firstByte = value }
            if let value = section["stall"]?.duration(in: range) { timeouts.stall = value }
            if let value = section["whole"]?.duration(in: range) { timeouts.whole = value }
        }
    }

    private mutating func readBreaker(_ field: Field?) {
        let keys = ["window", "minimum", "failures", "slow", "slowAfter", "openFor", "longest", "probes", "heldProbe"]
        guard let section = field?.section(keys) else { return }
        let times = Duration.milliseconds(100) ... .seconds(86_400)
        if let window = section["window"]?.duration(in: .seconds(1) ... .seconds(3600)) { breaker.window = window }
        if let minimum = section["minimum"]?.integer(in: 1...1_000_000) { breaker.minimumRequests = minimum }
        if let ratio = section["failures"]?.percentage() { breaker.failureRatio = ratio }
        if let ratio = section["slow"]?.percentage() { breaker.slowRatio = ratio }
        if let time = section["slowAfter"]?.duration(in: times) { breaker.slowAfter = time }
        if let time = section["openFor"]?.duration(in: times) { breaker.openFor = time }
        if let time = section["longest"]?.duration(in: times) { breaker.longestOpen = time }
        if let probes = section["probes"]?.integer(in: 1...100) { breaker.probes = probes }
        if let time = section["heldProbe"]?.duration(in: times) { breaker.heldProbe = time }
        if breaker.openFor > breaker.longestOpen {
            section.field.problem("openFor is longer than longest", fix: "raise longest or lower openFor")
        }
    }

    private mutating func readRetries(_ root: Section) {
        if let section = root["retry"]?.section(["attempts", "base", "cap", "maxThrottled"]) {
            if let attempts = section["attempts"]?.integer(in: 1...1000) { retry.attempts = attempts }
            if let base = section["base"]?.duration() { retry.base = base }
            if let cap = section["cap"]?.duration() { retry.cap = cap }
            if let longest = section["maxThrottled"]?.duration() { retry.maxThrottled = longest }
            if retry.base > retry.cap { section.field.problem("base is longer than cap", fix: "raise cap or lower base") }
        }
        if let section = root["recreate"]?.section(["attempts", "after"]) {
            if let attempts = section["attempts"]?.integer(in: 0...100) { recreate.attempts = attempts }
            if let after = section["after"]?.duration(in: .zero ... .seconds(7 * 86_400)) { recreate.after = after }
        }
    }
}
