/// Finds secrets in texts and replaces them, in all their `HiddenForms`. It takes the same time however many there are.
struct Redaction: Sendable {
    private var forms: Set<String> = []
    /// The forms by their first four bytes, the longest first.
    private var byStart: [UInt32: [[UInt8]]] = [:]
    /// Shorter forms, and all starts of one to three bytes.
    private var short: [[UInt8]] = [], shortStarts: Set<[UInt8]> = []
    private var longest = 0

    /// So much of a text is searched, in characters or bytes. What is shown of it is much shorter.
    static let searched = 8000

    /// - Parameter old: what it hides stays hidden.
    init(_ secrets: [String], after old: Redaction? = nil) {
        if let old { self = old }
        for secret in secrets where !forms.contains(secret) {
            for form in HiddenForms.all(of: secret) where forms.insert(form).inserted { add(Array(form.utf8)) }
        }
    }

    private mutating func add(_ form: [UInt8]) {
        guard !form.isEmpty else { return }
        longest = max(longest, form.count)
        for length in 1..<4 where length < form.count { shortStarts.insert(Array(form.prefix(length))) }
        guard form.count >= 4 else { return short.append(form) }
        var same = byStart[Self.start(form, 0), default: []]
        same.insert(form, at: same.firstIndex { $0.count < form.count } ?? same.endIndex)
        byStart[Self.start(form, 0)] = same
    }

    /// The text with `***` in the place of every secret.
    func redacted(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var copied = 0, hiddenTo = 0
        for index in bytes.indices {
            let length = hiddenLength(in: bytes, at: index)
            guard length > 0 else { continue }
            if index >= hiddenTo {
                output += bytes[max(copied, hiddenTo)..<index]
                output += "***".utf8
            }
            // Secrets that overlap are hidden together.
            hiddenTo = max(hiddenTo, index + length)
            copied = hiddenTo
        }
        return copied == 0 ? text : String(decoding: output + bytes[copied...], as: UTF8.self)
    }

    /// The length of the longest form at an index; zero if none begins there.
    private func hiddenLength(in bytes: [UInt8], at index: Int) -> Int {
        let rest = bytes[index...]
        if rest.count >= 4, let same = byStart[Self.start(bytes, index)], let form = same.first(where: { rest.starts(with: $0) }) {
            return form.count
        }
        return short.reduce(0) { rest.starts(with: $1) ? max($0, $1.count) : $0 }
    }

    private static func start(_ bytes: [UInt8], _ index: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[index + $1]) }
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
        var length = min(longest - 1, bytes.count)
        while length > 0, !isStart(bytes.suffix(length)) { length -= 1 }
        return length <= 0 ? text : String(decoding: bytes.dropLast(length), as: UTF8.self)
    }

    private func isStart(_ part: ArraySlice<UInt8>) -> Bool {
        guard part.count >= 4 else { return shortStarts.contains(Array(part)) }
        return byStart[Self.start(Array(part.prefix(4)), 0)]?.contains { $0.count > part.count && $0.starts(with: part) } ?? false
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
}
