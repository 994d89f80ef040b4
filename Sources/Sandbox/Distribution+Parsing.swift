extension Distribution {
    /// Parses `5s`, `fixed:5s`, `uniform:2s..30s`, `lognormal:median=10s,sigma=0.5[,max=5m]` or `bimodal:3s,60s,0.2`.
    ///
    /// - Parameters:
    ///   - text: the option's text.
    ///   - quantity: the unit of the numbers, which determines the allowed suffixes.
    ///   - option: the option's name, for the error.
    /// - Throws: `SandboxOptionError` that names the invalid part.
    public init(parsing text: String, quantity: Quantity, option: String) throws(SandboxOptionError) {
        let parser = DistributionParser(text: text, quantity: quantity, option: option)
        shape = try parser.shape()
    }
}

private struct DistributionParser {
    var text: String
    var quantity: Quantity
    var option: String

    func shape() throws(SandboxOptionError) -> Distribution.Shape {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return .fixed(try number(text)) }
        switch parts[0] {
        case "fixed": return .fixed(try number(parts[1]))
        case "uniform": return try uniform(parts[1])
        case "lognormal": return try lognormal(parts[1])
        case "bimodal": return try bimodal(parts[1])
        default: throw problem("unknown distribution “\(parts[0])”; use fixed, uniform, lognormal or bimodal")
        }
    }

    private func uniform(_ arguments: Substring) throws(SandboxOptionError) -> Distribution.Shape {
        guard let dots = arguments.firstRange(of: "..") else { throw problem("uniform requires LOW..HIGH") }
        let low = try number(arguments[..<dots.lowerBound])
        let high = try number(arguments[dots.upperBound...])
        guard low <= high else { throw problem("the lower bound is above the upper bound; swap them") }
        return .uniform(low, high)
    }

    private func lognormal(_ arguments: Substring) throws(SandboxOptionError) -> Distribution.Shape {
        var median: Double?
        var sigma: Double?
        var max = quantity.ceiling
        for argument in arguments.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { throw problem("lognormal requires median=VALUE,sigma=NUMBER[,max=VALUE]") }
            switch pair[0] {
            case "median": median = try number(pair[1])
            case "sigma": sigma = try plain(pair[1], upTo: 5)
            case "max": max = try number(pair[1])
            default: throw problem("unknown parameter “\(pair[0])”; lognormal has median, sigma and max")
            }
        }
        guard let median, let sigma else { throw problem("lognormal requires median=VALUE,sigma=NUMBER[,max=VALUE]") }
        return .lognormal(median: median, sigma: sigma, max: max)
    }

    private func bimodal(_ arguments: Substring) throws(SandboxOptionError) -> Distribution.Shape {
        let values = arguments.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3 else { throw problem("bimodal requires FIRST,SECOND,SHARE-OF-SECOND") }
        return .bimodal(try number(values[0]), try number(values[1]), share: try plain(values[2], upTo: 1))
    }

    private func number(_ text: some StringProtocol) throws(SandboxOptionError) -> Double {
        let value = try quantity.parse(text, option: option)
        guard value <= quantity.ceiling else { throw problem("“\(text)” exceeds the maximum of the sandbox") }
        if quantity == .count, value != value.rounded() { throw problem("“\(text)” is not an integer") }
        return value
    }

    private func plain(_ text: some StringProtocol, upTo limit: Double) throws(SandboxOptionError) -> Double {
        guard let value = Double(String(text)), (0...limit).contains(value) else {
            throw problem("“\(text)” is not a number from 0 to \(Int(limit))")
        }
        return value
    }

    private func problem(_ problem: String) -> SandboxOptionError {
        SandboxOptionError(option: option, value: text, problem: problem)
    }
}
