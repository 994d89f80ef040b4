import Encoding
import Testing

@Suite("Hexadecimal digits")
struct HexadecimalTests {
    @Test("are written in lower case, two a byte")
    func text() {
        #expect(Hexadecimal.text([0x00, 0x0F, 0xA0, 0xFF]) == "000fa0ff")
        #expect(Hexadecimal.text([]) == "")
    }

    @Test("are read in either case")
    func bytes() {
        #expect(Hexadecimal.bytes("000FA0ff") == [0x00, 0x0F, 0xA0, 0xFF])
        #expect(Hexadecimal.bytes("") == [])
    }

    @Test("are nothing but pairs of digits", arguments: ["0", "000", "0g", "+1", "-1", " 1", "0x", "ä", "１１"])
    func refused(text: String) { #expect(Hexadecimal.bytes(text) == nil) }

    @Test("give the same bytes back", arguments: 0..<100)
    func roundTrip(seed: UInt64) {
        var generator = SplitMix64(state: seed)
        let bytes = [UInt8].random(using: &generator)
        #expect(Hexadecimal.bytes(Hexadecimal.text(bytes)) == bytes)
        #expect(Hexadecimal.bytes(Hexadecimal.text(bytes).uppercased()) == bytes)
    }
}
