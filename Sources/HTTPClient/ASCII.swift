extension UInt8 {
    /// A space or a tab.
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    var isDigit: Bool { self &- 0x30 < 10 }

    /// Converts ASCII letters only: names of fields, schemes and hosts hold no others.
    var inLowerCase: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension String {
    func equalsIgnoringCase(_ other: String) -> Bool {
        utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { $0.inLowerCase == $1.inLowerCase }
    }
}
