import ExportCore

/// Parses numbers with units.
enum Quantity {
    private static let durations: [Substring: Duration] = [
        "ms": .milliseconds(1), "s": .seconds(1), "m": .seconds(60), "h": .seconds(3600), "d": .seconds(86_400),
    ]
    private static let sizes: [Substring: Double] = [
        "": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024, "MiB": 1_048_576, "GiB": 1_073_741_824,
    ]

    static func duration(_ text: String) -> Duration? {
        var rest = Substring(text)
        var sum = Duration.zero
        repeat {
            guard let amount = number(&rest) else { return nil }
            let unit = rest.prefix { $0.isLetter }
            guard let scale = durations[unit], amount < 1e9 else { return nil }
            rest = rest.dropFirst(unit.count)
            sum += scale * amount
        } while !rest.isEmpty
        return sum
    }

    static func rate(_ text: String) -> Rate? {
        let words = text.split(separator: " ")
        guard let slash = words.first?.firstIndex(of: "/") else { return nil }
        var count = words[0][..<slash]
        guard let amount = number(&count), count.isEmpty, amount > 0 else { return nil }
        let unit = words[0][words[0].index(after: slash)...]
        guard let period = ["s", "m", "h", "d"].contains(unit) ? durations[unit] : nil else { return nil }
        let perSecond = amount / (period / .seconds(1))
        switch words.count {
        case 1: return Rate(perSecond: perSecond, burst: nil)
        case 3:
            guard words[1] == "burst", let burst = Int(words[2]), burst > 0 else { return nil }
            return Rate(perSecond: perSecond, burst: burst)
        default: return nil
        }
    }

    static func bytes(_ text: String) -> Int? {
        var rest = Substring(text)
        guard let amount = number(&rest), let scale = sizes[rest], amount * scale < 1e15 else { return nil }
        return Int(amount * scale)
    }

    private static func number(_ text: inout Substring) -> Double? {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        text = text.dropFirst(digits.count)
        return Double(digits)
    }
}
