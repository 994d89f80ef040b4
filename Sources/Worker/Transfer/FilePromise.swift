import ExportCore
import ProviderAPI

/// What a download must be, and how to recognise that it is a page or an error document instead.
///
/// The file's name promises the type, unless the provider file names media types (`download.expect.type`). A name without a known
/// extension promises nothing.
struct FilePromise: Sendable {
    /// Whether the name, or the rule for unpacking, says what the file is.
    private enum Kind {
        case nothing, html, xml, json, table
        /// Text of any kind, which may be XML.
        case text
        /// A format that cannot begin as JSON does.
        case binary
        /// Packed data, or what is named like it: the name below says what else it may be. A tar begins with the name of its first entry.
        case packed
    }

    private let kind: Kind
    private let expectedTypes: [String]
    /// For the message: `csv`.
    private let word: String
    /// Programs save HTML tables and XML under `.xls`, and servers name any type for it.
    private let isOldWorkbook: Bool

    /// - Parameter wasDecoded: whether a content coding was undone. It was the packing that a name or a rule speaks of.
    init(name: String, rules: DownloadRules, wasDecoded: Bool = false) {
        expectedTypes = rules.expectedTypes
        var suffixes = Suffixes(name)
        let outer = suffixes.last
        while let last = suffixes.last, Self.packed.contains(last) { suffixes.removeLast() }
        let isNamedPacked = outer.map { Self.packed.contains($0) && !(wasDecoded && Self.codings.contains($0)) } ?? false
        let isPacked = isNamedPacked || rules.unpack == .zip || (rules.unpack == .gzip && !wasDecoded)
        let inner = suffixes.last.flatMap { Self.kinds[$0] }
        kind = inner ?? (isPacked ? .packed : .nothing)
        word = inner == nil ? (outer ?? rules.unpack.rawValue) : suffixes.last ?? ""
        isOldWorkbook = suffixes.last == "xls"
    }

    /// - Parameters:
    ///   - start: the first bytes, after content codings were undone.
    ///   - type: the `Content-Type`.
    /// - Returns: code and problem; `nil` if the file may be what was promised.
    func problem(_ start: [UInt8], type: String?) -> (code: String, text: String)? {
        let type = type.map(MediaType.init)
        guard expectedTypes.isEmpty else {
            if let type, expectedTypes.contains(where: type.matches) { return nil }
            let expected = expectedTypes.joined(separator: ", ")
            return ("unexpected-type", "the download is of type \(type?.text ?? "(none)"), expected: \(expected)")
        }
        // RFC 9457: such a document says what went wrong, whatever its name.
        guard let found = type?.isProblem == true ? "an error document" : found(BodyStart(start), type) else { return nil }
        return ("not-the-file", kind == .nothing ? "the download is \(found)" : "the download is \(found) instead of \(word)")
    }

    private func found(_ start: BodyStart, _ type: MediaType?) -> String? {
        let kind = isOldWorkbook && start != .json ? .nothing : kind
        switch start {
        case .html:
            if kind == .html || (kind == .nothing && type?.isHTML != true) { return nil }
            return "an HTML page"
        case .xml(let isDeclared):
            let isWrong =
                switch kind {
                case .nothing, .html, .xml: false
                case .text: type?.isXML == true || type?.isHTML == true
                case .json, .table, .binary, .packed: isDeclared || type?.isXML == true || type?.isHTML == true
                }
            return isWrong ? (type?.isHTML == true ? "an HTML page" : "an XML document") : nil
        case .json:
            let isWrong =
                switch kind {
                case .nothing, .html, .json: false
                case .binary: true
                case .xml, .table, .text, .packed: type?.isJSON == true
                }
            return isWrong ? "a JSON document" : nil
        case .other: return nil
        }
    }
}

extension FilePromise {
    /// Suffixes under which something else may be: `report.csv.gz` promises CSV.
    private static let packed: Set<String> = ["gz", "gzip", "zip", "zst", "zstd", "bz2", "xz", "br", "lz4", "7z", "z"]

    /// Those that may stand for a content coding.
    private static let codings: Set<String> = ["gz", "gzip", "zst", "zstd", "br", "z"]

    private static let kinds: [String: Kind] = {
        let names: [(Kind, String)] = [
            (.html, "html htm xhtml shtml mhtml"),
            (.xml, "xml xsd xsl xslt rss atom kml gml gpx svg svgz xlf xliff wsdl plist rdf"),
            (.json, "json ndjson jsonl jsonlines geojson topojson jsonld har avsc"),
            (.table, "csv tsv tab psv"),
            (.text, "txt log dat sql yaml yml"),
            (
                .binary,
                "parquet avro orc xlsx xlsm xlsb docx pptx ods odt pdf arrow feather sqlite rds rda rdata jpg jpeg png gif xls"
            ),
            (.packed, "tar tgz"),
        ]
        return names.reduce(into: [:]) { kinds, entry in
            for name in entry.1.split(separator: " ") { kinds[String(name)] = entry.0 }
        }
    }()
}

/// The extensions of the last component of a name, in lower case.
private struct Suffixes {
    private var parts: [String]

    init(_ name: String) {
        let file = name.split(separator: "/").last ?? ""
        parts = file.split(separator: ".", omittingEmptySubsequences: false).dropFirst().map { $0.lowercased() }
    }

    var last: String? { parts.last }

    mutating func removeLast() { parts.removeLast() }
}
