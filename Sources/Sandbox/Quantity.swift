/// The kind of number in an option, which determines its allowed suffixes.
public enum Quantity: Sendable, Equatable {
    /// Seconds; `ms`, `s` (also without a suffix), `m`, `h`, `d`.
    case duration
    /// Bytes; `B` (also without a suffix), `KB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`.
    case bytes
    /// A count, without a suffix.
    case count

    /// Parses one number with its suffix, such as `1.5s` or `64KiB`.
    ///
    /// - Returns: seconds, bytes or a count.
    /// - Throws: `SandboxOptionError` if it is not a number, is negative or has an unknown suffix.
    func parse(_ text: some StringProtocol, option: String) throws(SandboxOptionError) -> Double {
        let trimmed = text.drop { $0 == " " }
        let digits = trimmed.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = trimmed.dropFirst(digits.count)
        guard let number = Double(String(digits)), number.isFinite else {
            throw SandboxOptionError(option: option, value: String(text), problem: "expected \(expectation)")
        }
        guard let factor = suffixes.first(where: { $0.name == suffix })?.factor else {
            throw SandboxOptionError(
                option: option, value: String(text), problem: "unknown suffix “\(suffix)”; expected \(expectation)")
        }
        return number * factor
    }

    var expectation: String {
        switch self {
        case .duration: "a time such as 500ms, 5s, 2m, 1h or 7d"
        case .bytes: "a size such as 512, 64KiB, 10MB or 1GiB"
        case .count: "an integer"
        }
    }

    /// The largest value that the sandbox accepts; it keeps sums far below the limit of `Int64`.
    var ceiling: Double {
        switch self {
        case .duration: 30 * 86_400
        case .bytes: 1_099_511_627_776
        case .count: 100_000
        }
    }

    private var suffixes: [(name: String, factor: Double)] {
        switch self {
        case .duration: [("", 1), ("s", 1), ("ms", 0.001), ("m", 60), ("h", 3600), ("d", 86_400)]
        case .bytes:
            [
                ("", 1), ("B", 1), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
                ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824),
            ]
        case .count: [("", 1)]
        }
    }
}

extension Duration {
    /// Converts from option seconds, to the nanosecond.
    init(optionSeconds seconds: Double) {
        self = .nanoseconds(Int64((seconds * 1e9).rounded()))
    }

    /// Whole nanoseconds, the sandbox's unit of time.
    var nanoseconds: Int64 {
        let parts = components
        return parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
    }
}
