import ExportCore

extension ProviderLimits {
    private static let keys = ["inFlight", "creates", "checks", "tenant", "requests", "weights", "budget", "answer", "longestPause"]

    /// Reads `limits:`.
    mutating func read(_ field: Field?) {
        guard let section = field?.section(Self.keys) else { return }
        inFlight = section["inFlight"]?.integer(in: 1...1_000_000)
        creates = section["creates"]?.rate()
        checks = section["checks"]?.rate()
        if let tenant = section["tenant"]?.section(["inFlight", "creates"]) {
            tenantInFlight = tenant["inFlight"]?.integer(in: 1...10_000)
            tenantCreates = tenant["creates"]?.rate()
        }
        budget = RequestBudget(section)
        if let bytes = section["answer"]?.bytes(in: 1024...(64 << 20)) { answerBytes = bytes }
        if let pause = section["longestPause"]?.duration(in: .seconds(1) ... .seconds(86_400)) { longestPause = pause }
    }
}

extension RequestBudget {
    /// Reads `requests`, `weights` and `budget`.
    fileprivate init?(_ limits: Section) {
        let account = limits["budget"].flatMap { Self.account($0) }
        let weights = limits["weights"].map { Self.weights($0) }
        guard let requests = limits["requests"] else {
            let fix = "write requests: 100/m, the rate that all requests share"
            limits["budget"]?.problem("a budget needs its rate", fix: fix)
            limits["weights"]?.problem("weights are parts of a rate", fix: fix)
            return nil
        }
        guard let rate = requests.rate() else { return nil }
        self.init(account: account, rate: rate, weights: weights ?? RequestWeights())
    }

    /// The name becomes part of a key of the store.
    private static func account(_ field: Field) -> String? {
        let fix = "use 1 to 64 characters of a-z, 0-9 and -, such as acme-account"
        guard let name = field.text(fix: fix) else { return nil }
        guard ProviderSource.isName(name) else {
            field.problem("\"\(name)\" is not a valid name", fix: fix)
            return nil
        }
        return name
    }

    private static func weights(_ field: Field) -> RequestWeights {
        var weights = RequestWeights()
        guard let section = field.section(["create", "check", "list", "cancel", "download"]) else { return weights }
        func read(_ key: String, _ weight: inout Int) { if let value = section[key]?.integer(in: 0...1000) { weight = value } }
        read("create", &weights.create)
        read("check", &weights.check)
        read("list", &weights.list)
        read("cancel", &weights.cancel)
        read("download", &weights.download)
        return weights
    }
}
