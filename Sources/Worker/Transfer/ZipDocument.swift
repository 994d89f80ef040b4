import ProviderAPI

/// A document that is a zip inside, recognised by its media type or by its first entry.
struct ZipDocument: Equatable {
    /// The extension of its format, without the dot; `nil` if it is not known.
    let suffix: String?

    /// - Parameter start: the first bytes of a zip.
    /// - Returns: `nil` for an archive.
    init?(_ start: [UInt8], type: MediaType?) {
        if let type, let suffix = Self.suffix(of: type) {
            self.init(suffix: suffix)
        } else if let first = FirstEntry(start), let found = Self.byContent(first, start) {
            self = found
        } else if let type, Self.families.contains(where: type.text.hasPrefix) {
            self.init(suffix: nil)
        } else {
            return nil
        }
    }

    private init(suffix: String?) { self.suffix = suffix }

    private static func byContent(_ first: FirstEntry, _ start: [UInt8]) -> ZipDocument? {
        switch first.name {
        case "mimetype":
            // Its content is the media type, neither compressed nor ended.
            let content = String(decoding: first.content.prefix(80), as: UTF8.self).prefix {
                !$0.isWhitespace && $0 != "\u{0}" && $0 != "\u{FFFD}"
            }
            guard content.hasPrefix("application/") else { return nil }
            let known = types.keys.filter { content.hasPrefix($0) }.max { $0.count < $1.count }
            return ZipDocument(suffix: known.flatMap { types[$0] })
        case "META-INF/", "META-INF/MANIFEST.MF": return ZipDocument(suffix: "jar")
        case let name where officeEntries.contains(where: name.hasPrefix):
            let text = String(decoding: start, as: UTF8.self)
            return ZipDocument(suffix: officeFolders.first { text.contains($0.folder) }?.suffix)
        default: return nil
        }
    }

    private static let officeEntries = [
        "[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "docProps/core.xml", "xl/workbook.", "xl/_rels/", "xl/worksheets/",
        "xl/theme/",
        "xl/styles.", "xl/sharedStrings.", "word/document.xml", "word/_rels/", "ppt/presentation.xml", "ppt/_rels/",
    ]
    private static let officeFolders = [
        (folder: "xl/", suffix: "xlsx"), (folder: "word/", suffix: "docx"), (folder: "ppt/", suffix: "pptx"),
    ]

    private static func suffix(of type: MediaType) -> String? { types[type.text] }

    private static let families = ["application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."]

    private static let types = [
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
        "application/vnd.ms-excel.sheet.macroenabled.12": "xlsm", "application/vnd.ms-excel.sheet.binary.macroenabled.12": "xlsb",
        "application/vnd.ms-word.document.macroenabled.12": "docm", "application/vnd.ms-powerpoint.presentation.macroenabled.12": "pptm",
        "application/vnd.oasis.opendocument.spreadsheet": "ods", "application/vnd.oasis.opendocument.text": "odt",
        "application/vnd.oasis.opendocument.presentation": "odp", "application/vnd.oasis.opendocument.graphics": "odg",
        "application/epub+zip": "epub", "application/java-archive": "jar", "application/vnd.android.package-archive": "apk",
        "application/vnd.google-earth.kmz": "kmz",
    ]
}

/// The first local file header of a zip (APPNOTE 4.3.7).
private struct FirstEntry {
    let name: String
    /// What follows the header, as far as it is there.
    let content: ArraySlice<UInt8>

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 30 else { return nil }
        let nameEnd = 30 + Int(bytes[26]) + Int(bytes[27]) << 8
        let contentStart = nameEnd + Int(bytes[28]) + Int(bytes[29]) << 8
        guard nameEnd <= bytes.count else { return nil }
        name = String(decoding: bytes[30..<nameEnd], as: UTF8.self)
        content = contentStart <= bytes.count ? bytes[contentStart...] : []
    }
}
