import ProviderAPI

/// What the first bytes of a file look like.
enum BodyStart: Equatable {
    case html
    /// - Parameter isDeclared: by an XML declaration, by a comment or as an error; other documents may be anything that begins with `<`.
    case xml(isDeclared: Bool)
    /// An object or a list.
    case json
    case other

    init(_ bytes: [UInt8]) {
        let text = ByteOrderMark.removed(bytes).drop { Self.blanks.contains($0) }
        switch text.first {
        case UInt8(ascii: "<"): self.init(markup: text.prefix(Self.headLength))
        case UInt8(ascii: "{"), UInt8(ascii: "["): self = .json
        default: self = .other
        }
    }

    private init(markup text: ArraySlice<UInt8>) {
        let isDeclared = Self.begins(text, "<?xml") || Self.begins(text, "<!--")
        let first = Self.behindProlog(text)
        if Self.pages.contains(where: { Self.begins(first, $0, isWord: true) }) {
            self = .html
        } else if isDeclared || Self.errors.contains(where: { Self.begins(first, $0, isWord: true) }) {
            self = .xml(isDeclared: true)
        } else if text.dropFirst().first.map(Self.isLetter) == true {
            self = .xml(isDeclared: false)
        } else {
            self = .other
        }
    }

    private static let headLength = 1024
    private static let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    private static let pages = ["<!doctype html", "<html", "<head", "<script", "<meta"]
    private static let errors = ["<error", "<errors", "<errorresponse"]

    /// From the first element or document type on: XHTML begins as XML, and tools put comments in front. Empty if that is not there yet.
    private static func behindProlog(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = text
        while true {
            let end = begins(rest, "<?xml") ? "?>" : begins(rest, "<!--") ? "-->" : nil
            guard let end else { return rest }
            guard let found = rest.firstRange(of: Array(end.utf8)) else { return rest[rest.endIndex...] }
            rest = rest[found.upperBound...].drop { blanks.contains($0) }
        }
    }

    /// - Parameters:
    ///   - word: in lower case.
    ///   - isWord: whether it must end there: `<error` is not the beginning of `<error_code>`.
    private static func begins(_ text: ArraySlice<UInt8>, _ word: String, isWord: Bool = false) -> Bool {
        let length = word.utf8.count
        guard text.count >= length, text.prefix(length).elementsEqual(word.utf8, by: { lower($0) == $1 }) else { return false }
        guard isWord, let next = text.dropFirst(length).first else { return true }
        return next == UInt8(ascii: ">") || next == UInt8(ascii: "/") || blanks.contains(next)
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) || byte >= 0x80 }
}
