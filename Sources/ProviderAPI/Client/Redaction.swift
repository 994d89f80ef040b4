/// Finds secrets in texts and replaces them, in all their `HiddenForms`. The time that it takes hardly grows with their number.
struct Redaction: Sendable {
    /// How often each was added.
    private var secrets: [String: Int] = [:]
    /// How many secrets have each form.
    private var forms: [String: Int] = [:]
    /// The forms by their first four bytes, sorted: web tokens all begin alike.
    private var byStart: [UInt32: [[UInt8]]] = [:]
    /// Shorter forms, and all starts of one to three bytes.
    private var short: [[UInt8]] = [], shortStarts: Set<[UInt8]> = []
    private var longest = 0

    /// So much of a text is searched, in characters or bytes. What is shown of it is much shorter.
    static let searched = 8000

    init(_ secrets: [String] = [], after old: Redaction? = nil) {
        if let old { self = old }
        add(secrets)
    }

    /// Hides more.
    mutating func add(_ values: [String]) {
        for value in values {
            secrets[value, default: 0] += 1
            guard secrets[value] == 1 else { continue }
            for form in HiddenForms.all(of: value) {
                forms[form, default: 0] += 1
                if forms[form] == 1 { insert(Array(form.utf8)) }
            }
        }
    }

    /// Hides what was added no more, unless it was added more often.
    mutating func remove(_ values: [String]) {
        for value in values {
            guard let count = secrets[value] else { continue }
            secrets[value] = count > 1 ? count - 1 : nil
            guard count == 1 else { continue }
            for form in HiddenForms.all(of: value) {
                guard let count = forms[form] else { continue }
                forms[form] = count > 1 ? count - 1 : nil
                if count == 1 { delete(Array(form.utf8)) }
            }
        }
    }

    private mutating func insert(_ form: [UInt8]) {
        guard !form.isEmpty else { return }
        longest = max(longest, form.count)
        for length in 1..<4 where length < form.count { shortStarts.insert(Array(form.prefix(length))) }
        guard form.count >= 4 else { return short.append(form) }
        let start = Self.start(form, 0)
        let index = Self.index(of: form[...], in: byStart[start] ?? [])
        byStart[start, default: []].insert(form, at: index)
    }

    private mutating func delete(_ form: [UInt8]) {
        guard form.count >= 4 else { return short.removeAll { $0 == form } }
        let start = Self.start(form, 0)
        let index = Self.index(of: form[...], in: byStart[start] ?? [])
        guard let same = byStart[start], same.indices.contains(index), same[index] == form else { return }
        byStart[start]?.remove(at: index)
        if byStart[start]?.isEmpty ?? false { byStart[start] = nil }
    }

    /// The place of the first form that is not before the bytes.
    private static func index(of bytes: ArraySlice<UInt8>, in sorted: [[UInt8]]) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle].lexicographicallyPrecedes(bytes) { low = middle + 1 } else { high = middle }
        }
        return low
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
        if rest.count >= 4, let same = byStart[Self.start(bytes, index)], let length = Self.longest(of: same, at: rest) { return length }
        return short.reduce(0) { rest.starts(with: $1) ? max($0, $1.count) : $0 }
    }

    /// The length of the longest form that the bytes begin with. A form that is one is no later than the bytes in the order.
    private static func longest(of sorted: [[UInt8]], at bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        while true {
            let index = index(of: rest, in: sorted)
            if index < sorted.count, sorted[index].elementsEqual(rest) { return rest.count }
            guard index > 0 else { return nil }
            let before = sorted[index - 1]
            let common = zip(before, rest).prefix { $0 == $1 }.count
            if common == before.count { return common }
            // Others that the bytes begin with are no longer than what they have in common with this one.
            guard common >= 4 else { return nil }
            rest = rest.prefix(common)
        }
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
        guard let same = byStart[Self.start(Array(part.prefix(4)), 0)] else { return false }
        // The forms that begin with the part follow it in the order.
        return same[Self.index(of: part, in: same)...].first { $0.count > part.count }?.starts(with: part) ?? false
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
