/// An export's id: 64 bits, written as `ex-` and 16 hexadecimal digits.
struct ExportID: Sendable, Hashable {
    let bits: UInt64

    init(bits: UInt64) {
        self.bits = bits
    }

    init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard bytes.count == 19, bytes.starts(with: "ex-".utf8) else { return nil }
        var bits: UInt64 = 0
        for byte in bytes.dropFirst(3) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): bits = bits << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): bits = bits << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        self.bits = bits
    }

    var text: String {
        var text = Array("ex-".utf8)
        text.reserveCapacity(19)
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(bits >> shift & 0xF)
            text.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
