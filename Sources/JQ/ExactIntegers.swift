/// Integers beyond ±2^53, which filters see as strings of their digits. Where JSON is written, it restores those that came as numbers.
public struct ExactIntegers {
    private var known: Set<ArraySlice<UInt8>> = []

    public init() {}

    /// Whether the text may hold one, as a number or as a string. Nearly free for a text that holds none.
    public static func mayBe(in json: String) -> Bool {
        json.utf8.count >= 16 && LargeIntegerQuoting.mayHoldLargeInteger(Array(json.utf8))
    }

    /// Remembers the large integers of a JSON text.
    public mutating func insert(numbersIn json: [UInt8]) {
        for range in LargeIntegerQuoting.ranges(in: json) { known.insert(json[range]) }
    }

    public mutating func insert(numbersIn json: String) { insert(numbersIn: Array(json.utf8)) }

    /// Remembers the strings of a JSON text that consist of the digits of a large integer.
    public mutating func insert(stringsIn json: String) {
        let bytes = Array(json.utf8)
        for range in LargeIntegerQuoting.quotedRanges(in: bytes) { known.insert(bytes[range]) }
    }

    /// The JSON text with its strings of remembered digits as numbers. Keys stay strings.
    public func restored(_ json: String) -> String {
        let bytes = Array(json.utf8)
        var output: [UInt8] = []
        var copied = 0
        for range in LargeIntegerQuoting.quotedRanges(in: bytes) where known.contains(bytes[range]) {
            output += bytes[copied..<(range.lowerBound - 1)]
            output += bytes[range]
            copied = range.upperBound + 1
        }
        return copied == 0 ? json : String(decoding: output + bytes[copied...], as: UTF8.self)
    }
}
