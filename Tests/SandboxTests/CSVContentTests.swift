import Testing

@testable import Sandbox

@Suite("Generated content")
struct CSVContentTests {
    @Test("the bytes at an offset are the same, however they are read", arguments: [0, 1, 35, 36, 37, 96, 97, 98, 5_000])
    func randomAccess(size: Int) {
        let content = CSVContent(seed: 42, bytes: size)
        let whole = content.read(at: 0, count: size + 100)
        #expect(whole.count == size)
        for step in [1, 7, 61, 64, 1_000] {
            var pieces: [UInt8] = []
            while true {
                let piece = content.read(at: pieces.count, count: step)
                if piece.isEmpty { break }
                pieces += piece
            }
            #expect(pieces == whole)
        }
        if size > 0 { #expect(whole.last == UInt8(ascii: "\n")) }
    }

    @Test("another seed gives other rows")
    func seeds() {
        #expect(CSVContent(seed: 1, bytes: 500).read(at: 0, count: 500) != CSVContent(seed: 2, bytes: 500).read(at: 0, count: 500))
    }
}
