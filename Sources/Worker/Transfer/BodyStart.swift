/// What the first bytes of a file look like.
enum BodyStart: Equatable {
    case html
    /// - Parameter isDeclared: by an XML declaration or as an error; other documents may be anything that begins with `<`.
    case xml(isDeclared: Bool)
    /// An object or a list.
    case json
    case other

    init(_ bytes: [UInt8]) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = (bytes.starts(with: mark) ? bytes.dropFirst(3) : bytes[...]).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        switch text.first {
        case UInt8(ascii: "<"):
            let head = String(decoding: text.prefix(Self.headLength), as: UTF8.self).lowercased()
            if Self.pages.contains(where: head.hasPrefix) || Self.isPage(declaredXML: head) {
                self = .html
            } else if head.dropFirst().first?.isLetter == true || head.hasPrefix("<?xml") || head.hasPrefix("<!--") {
                self = .xml(isDeclared: head.hasPrefix("<?xml") || head.hasPrefix("<error"))
            } else {
                self = .other
            }
        case UInt8(ascii: "{"), UInt8(ascii: "["): self = .json
        default: self = .other
        }
    }

    private static let headLength = 400
    private static let pages = ["<!doctype html", "<html>", "<html ", "<html\n", "<html\r"]

    /// XHTML begins as XML.
    private static func isPage(declaredXML head: String) -> Bool {
        head.hasPrefix("<?xml") && (head.contains("<!doctype html") || head.contains("<html"))
    }
}
