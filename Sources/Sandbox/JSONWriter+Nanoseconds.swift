import Encoding

extension JSONWriter {
    /// Nanoseconds as seconds with milliseconds; `null` for `Int64.max`, which stands for never.
    mutating func field(_ key: String?, nanoseconds: Int64) {
        guard nanoseconds != .max else { return field(key, json: "null") }
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let thousandths = String(1_000 + rest / 1_000_000).dropFirst()
        field(key, json: "\(seconds).\(thousandths)")
    }
}
