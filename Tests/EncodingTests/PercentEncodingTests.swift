import Encoding
import Testing

@Suite("Percent-encoding")
struct PercentEncodingTests {
    @Test("keeps unreserved characters and those that are named")
    func encoding() {
        #expect(PercentEncoding.encoded("aZ09-._~") == "aZ09-._~")
        #expect(PercentEncoding.encoded("a/b c+ä%") == "a%2Fb%20c%2B%C3%A4%25")
        #expect(PercentEncoding.encoded("a/b c", keeping: "/") == "a/b%20c")
    }

    @Test("is decoded in either case, to bytes")
    func decoding() {
        #expect(PercentEncoding.decoded("a%2fb%2F+%00%ff") == Array("a/b/+\0".utf8) + [0xFF])
    }

    @Test("is refused without two digits after a percent sign", arguments: ["%", "a%2", "%zz", "%+5", "%-1", "% 1", "%%41", "%ä"])
    func refused(text: String) { #expect(PercentEncoding.decoded(text) == nil) }

    @Test(
        "from outside is decoded as far as possible",
        arguments: [("%41%", "A%"), ("%zz%2", "%zz%2"), ("%+5", "%+5"), ("%ff", "\u{FFFD}")])
    func lenient(text: String, expected: String) { #expect(PercentEncoding.decodedLeniently(text) == expected) }

    @Test("gives the same text back", arguments: 0..<200)
    func roundTrip(seed: UInt64) {
        var generator = SplitMix64(state: seed)
        let text = String.random(using: &generator)
        let encoded = PercentEncoding.encoded(text, keeping: seed.isMultiple(of: 2) ? "/:" : "")
        #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        #expect(PercentEncoding.decoded(encoded) == Array(text.utf8))
        #expect(PercentEncoding.decodedLeniently(encoded) == text)
    }
}
