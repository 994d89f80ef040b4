/// Quotes the integers of a JSON text that a double cannot represent exactly.
enum LargeIntegerQuoting {
    /// 2^53 = 9,007,199,254,740,992 has 16 digits: every shorter integer is exact.
    private static let digits = 16
    private static let largest: UInt64 = 1 << 53

    /// The text with its large integers quoted; `nil` if it has none, which checking every 16th byte usually shows.
    static func quoted(_ json: [UInt8]) -> [UInt8]? {
        let ranges = ranges(in: json)
        if ranges.isEmpty { return nil }
        var output: [UInt8] = []
        var copied = 0
        for range in ranges {
            output += json[copied..<range.lowerBound]
            output.append(UInt8(ascii: "\""))
            output += json[range]
            output.append(UInt8(ascii: "\""))
            copied = range.upperBound
        }
        return output + json[copied...]
    }

    /// Where the text holds large integers.
    static func ranges(in json: [UInt8]) -> [Range<Int>] {
        guard mayHoldLargeInteger(json) else { return [] }
        var ranges: [Range<Int>] = []
        var index = 0
        while index < json.count {
            if json[index] == UInt8(ascii: "\"") {
                index = endOfString(json, from: index)
            } else if json[index] == UInt8(ascii: "-") || isDigit(json[index]) {
                let end = endOfNumber(json, from: index)
                if isLargeInteger(json[index..<end]) { ranges.append(index..<end) }
                index = end
            } else {
                index += 1
            }
        }
        return ranges
    }

    /// Where the text holds the digits of a large integer as a string, without the quotes. Keys do not count.
    static func quotedRanges(in json: [UInt8]) -> [Range<Int>] {
        guard mayHoldLargeInteger(json) else { return [] }
        var ranges: [Range<Int>] = []
        var index = 0
        while index < json.count {
            guard json[index] == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            let end = endOfString(json, from: index)
            let content = (index + 1)..<max(index + 1, end - 1)
            let next = json[end...].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
            if next != UInt8(ascii: ":"), isLargeInteger(json[content]), isNumber(json[content]) { ranges.append(content) }
            index = end
        }
        return ranges
    }

    /// JSON numbers have no leading zeros.
    private static func isNumber(_ digits: ArraySlice<UInt8>) -> Bool {
        (digits.first == UInt8(ascii: "-") ? digits.dropFirst() : digits).first != UInt8(ascii: "0")
    }

    static func mayHoldLargeInteger(_ json: [UInt8]) -> Bool {
        var index = digits - 1
        while index < json.count {
            if isDigit(json[index]) {
                var start = index
                while start > 0, isDigit(json[start - 1]) { start -= 1 }
                var end = index + 1
                while end < json.count, isDigit(json[end]) { end += 1 }
                if end - start >= digits { return true }
            }
            index += digits
        }
        return false
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func endOfString(_ json: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while index < json.count, json[index] != UInt8(ascii: "\"") { index += json[index] == UInt8(ascii: "\\") ? 2 : 1 }
        return min(index + 1, json.count)
    }

    private static func endOfNumber(_ json: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while index < json.count, isNumberByte(json[index]) { index += 1 }
        return index
    }

    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"),
            UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func isLargeInteger(_ number: ArraySlice<UInt8>) -> Bool {
        let magnitude = number.first == UInt8(ascii: "-") ? number.dropFirst() : number
        guard magnitude.count >= digits, magnitude.allSatisfy(isDigit) else { return false }
        guard let value = UInt64(String(decoding: magnitude, as: UTF8.self)) else { return true }
        return value > largest
    }
}
