import Testing

@testable import ProviderAPI

@Suite("A redaction of many secrets") struct RedactionFormsTests {
    /// Web tokens begin alike.
    private static let tokens = (0..<300).map { "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.\($0 * 7919).signature" }

    @Test("hides each of them, and nothing else") func each() {
        let redaction = Redaction(Self.tokens)
        for token in Self.tokens { #expect(redaction.redacted("a \(token) b") == "a *** b") }
        #expect(redaction.redacted("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.x") == "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.x")
    }

    @Test("hides the longest of those that begin alike") func longest() {
        let redaction = Redaction(["abcde", "abcdefgh", "abcdefghxyz", "abcdefghm", "abcd"])
        for (text, shown) in [
            ("abcdefghxyz!", "***!"), ("abcdefghx!", "***x!"), ("abcdefg!", "***fg!"), ("abcd!", "***!"), ("abcdefghn", "***n"),
            ("abc!", "abc!"),
        ] { #expect(redaction.redacted(text) == shown, "\(text)") }
    }

    @Test("shows what was taken out again, unless it was added twice") func removal() {
        var redaction = Redaction(["first-token", "second-token"])
        redaction.add(["second-token", "third-token", "abc"])
        redaction.remove(["first-token", "second-token", "abc", "never-added"])
        #expect(redaction.redacted("first-token second-token third-token abc") == "first-token *** *** abc")
        redaction.remove(["second-token", "third-token"])
        #expect(redaction.redacted("second-token third-token") == "second-token third-token")
    }

    @Test("does not show the start of one where a text is cut off") func cut() {
        var redaction = Redaction(Self.tokens)
        let start = String(Self.tokens[7].dropLast(3))
        #expect(redaction.start(of: "x " + start, atMost: 500, goesOn: true) == "x ")
        redaction.remove(Self.tokens)
        #expect(redaction.start(of: "x " + start, atMost: 500, goesOn: true) == "x " + start)
    }
}
