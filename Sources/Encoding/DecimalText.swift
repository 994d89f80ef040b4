/// A JSON number with all its digits.
struct DecimalText {
    private let isNegative: Bool
    /// Without zeros at either end; empty: zero.
    private let digits: ArraySlice<UInt8>
    /// Of the last digit.
    private let exponent: Int

    /// - Parameter text: `nil` if it is no number by RFC 8259, section 6, or its exponent is beyond 18 digits.
    init?(_ text: some Sequence<UInt8>) {
        var rest = Array(text)[...]
        isNegative = Self.skip("-", &rest)
        let whole = Self.digits(&rest)
        guard let first = whole.first, whole.count == 1 || first != UInt8(ascii: "0") else { return nil }
        var fraction: ArraySlice<UInt8> = []
        if Self.skip(".", &rest) {
            fraction = Self.digits(&rest)
            if fraction.isEmpty { return nil }
        }
        var power = 0
        if Self.skip("e", &rest) || Self.skip("E", &rest) {
            let isSmall = Self.skip("-", &rest)
            if !isSmall { _ = Self.skip("+", &rest) }
            let written = Self.digits(&rest)
            guard written.count <= 18, let number = Int(String(decoding: written, as: UTF8.self)) else { return nil }
            power = isSmall ? -number : number
        }
        guard rest.isEmpty else { return nil }
        var significant = (whole + fraction).drop { $0 == UInt8(ascii: "0") }
        power -= fraction.count
        while significant.last == UInt8(ascii: "0") {
            significant.removeLast()
            power += 1
        }
        (digits, exponent) = (significant, power)
    }

    /// The same for all ways to write the number: `-12e3`, `5`, `0`.
    var canonical: [UInt8] {
        guard !digits.isEmpty else { return [UInt8(ascii: "0")] }
        return (isNegative ? [UInt8(ascii: "-")] : []) + digits + (exponent == 0 ? [] : Array("e\(exponent)".utf8))
    }

    private static func skip(_ character: Unicode.Scalar, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    private static func digits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest.dropFirst(digits.count)
        return digits
    }
}
