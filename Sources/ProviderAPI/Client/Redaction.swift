import Glibc

/// Finds secrets in texts and replaces them, in all their `HiddenForms`.
struct Redaction: Sendable {
    private let hidden: Set<String>
    private let longestFirst: [[UInt8]]

    /// So much of a text is searched, in characters or bytes. What is shown of it is much shorter.
    static let searched = 8000

    /// - Parameter old: what it hides stays hidden.
    init(_ secrets: [String], after old: Redaction? = nil) {
        hidden = secrets.reduce(into: old?.hidden ?? []) { $0.formUnion(HiddenForms.all(of: $1)) }
        longestFirst = hidden.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// The text with `***` in the place of every secret.
    func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let redacted = longestFirst.reduce(bytes) { Self.replacing($1, in: $0) }
        return redacted == bytes ? text : String(decoding: redacted, as: UTF8.self)
    }

    /// The start of a text without secrets. It is redacted before it is cut: half of a secret would not be found.
    /// - Parameter goesOn: whether the text is itself the start of a longer one.
    func start(of text: String, atMost count: Int, goesOn: Bool = false) -> String {
        let head = text.prefix(Self.searched)
        let shown = redacted(String(head))
        let isCut = goesOn || head.endIndex < text.endIndex
        return String((isCut ? withoutPart(shown) : shown).prefix(count))
    }

    /// Where a text is cut off, there may be the start of a secret.
    private func withoutPart(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let part = longestFirst.reduce(0) { longest, form in
            var length = min(form.count - 1, bytes.count)
            while length > longest, !bytes.suffix(length).elementsEqual(form.prefix(length)) { length -= 1 }
            return max(longest, length)
        }
        return part == 0 ? text : String(decoding: bytes.dropLast(part), as: UTF8.self)
    }

    /// The start of a text as one line of at most 200 characters, without secrets, control characters and marks that nobody sees; empty
    /// if there is only white space.
    func excerpt(_ text: String, goesOn: Bool = false) -> String {
        let start = start(of: text, atMost: Self.searched, goesOn: goesOn)
        let line = OneLine.text(start)
        // What is removed may have stood in the middle of a secret.
        let shown = (line == start ? line : redacted(line)).prefix(200)
        return shown.contains { !$0.isWhitespace } ? String(shown) : ""
    }

    func excerpt(of bytes: [UInt8]) -> String {
        let head = ByteOrderMark.removed(Array(bytes.prefix(Self.searched)))
        return excerpt(String(decoding: head, as: UTF8.self), goesOn: bytes.count > Self.searched)
    }

    private static func replacing(_ secret: [UInt8], in text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var copied = 0
        while let start = find(secret, in: text[copied...]) {
            output += text[copied..<start]
            output += "***".utf8
            copied = start + secret.count
        }
        return copied == 0 ? text : output + text[copied...]
    }

    private static func find(_ secret: [UInt8], in text: ArraySlice<UInt8>) -> Int? {
        guard let first = secret.first, let last = secret.indices.last else { return nil }
        return text.withUnsafeBufferPointer { text -> Int? in
            var start = 0
            while start + last < text.count, let base = text.baseAddress {
                guard let found = memchr(base + start, Int32(first), text.count - last - start) else { return nil }
                start = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                if memcmp(found, secret, secret.count) == 0 { return start }
                start += 1
            }
            return nil
        }.map { text.startIndex + $0 }
    }
}
