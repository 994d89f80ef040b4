import Archive
import ProviderAPI
import Testing

@testable import Worker

@Suite("What becomes of a file")
struct FileFormTests {
    private func form(_ name: String, _ start: [UInt8], _ type: String? = nil, rule: UnpackRule = .auto, wasDecoded: Bool = false)
        -> FileForm
    {
        FileForm(name: name, rule: rule, start: start, type: type, wasDecoded: wasDecoded)
    }

    private static let gzip: [UInt8] = [0x1F, 0x8B, 0x08, 0]

    /// The beginning of a zip whose first entry has that name and content.
    private func zip(_ name: String, _ content: String = "") -> [UInt8] {
        [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 22) + [UInt8(name.utf8.count), 0, 0, 0] + name.utf8 + content.utf8
    }

    @Test("is decided by its first bytes") func automatic() {
        #expect(form("a.csv.gz", Self.gzip) == FileForm(compression: .gzip, name: .unpacked))
        #expect(form("a", Self.gzip).compression == .gzip)
        #expect(form("a.csv", Array("id".utf8)) == FileForm(compression: .none, name: .unpacked))
        #expect(form("a.csv.gz", []) == FileForm(compression: .none, name: .unpacked))
        #expect(form("a.zip", zip("a.csv")) == FileForm(compression: .zip, name: .folder))
        #expect(form("download", zip("a.csv")).compression == .zip)
    }

    @Test("is decided by the provider file, if that says so") func rules() {
        #expect(form("a.csv.gz", Self.gzip, rule: .none) == FileForm(compression: .none, name: .whole))
        #expect(form("a.csv.gz", Array("id".utf8), rule: .none) == FileForm(compression: .none, name: .whole))
        #expect(form("a.csv", Array("id".utf8), rule: .gzip).compression == .gzip)
        #expect(form("a.csv", Array("id".utf8), rule: .gzip, wasDecoded: true) == FileForm(compression: .none, name: .unpacked))
        #expect(form("a.csv", Self.gzip, rule: .gzip, wasDecoded: true).compression == .gzip)
        #expect(form("a.xlsx", zip("[Content_Types].xml"), rule: .zip).compression == .zip)
    }

    @Test(
        "is left as it is if its name is that of a document",
        arguments: ["a.xlsx", "a.DOCX", "x/a.ods", "a.jar", "a.rds", "a.RData", "a.rda"])
    func named(name: String) {
        for start in [zip("x.xml"), Self.gzip] { #expect(form(name, start) == FileForm(compression: .none, name: .whole)) }
    }

    @Test(
        "is left as it is if its content is a document",
        arguments: [
            ("[Content_Types].xml", "xl/workbook.xml", "xlsx"), ("_rels/.rels", "word/document.xml", "docx"),
            ("xl/workbook.xml", "", "xlsx"),
            ("docProps/app.xml", "ppt/", "pptx"), ("[Content_Types].xml", "", nil), ("mimetype", "application/epub+zipPK", "epub"),
            ("mimetype", "application/vnd.oasis.opendocument.spreadsheetPK", "ods"), ("META-INF/MANIFEST.MF", "", "jar"),
            ("META-INF/", "", "jar"),
        ] as [(String, String, String?)])
    func content(entry: String, rest: String, suffix: String?) {
        let found = form("download", zip(entry, rest), "application/octet-stream")
        #expect(found == FileForm(compression: .none, name: .whole, isDocument: true, suffix: suffix))
    }

    @Test("is left as it is if its type is that of a document") func typed() {
        let type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet; charset=binary"
        #expect(form("download", zip("a.xml"), type).suffix == "xlsx")
        #expect(form("download", zip("a.xml"), "application/epub+zip").suffix == "epub")
        #expect(form("download", zip("a.xml"), "application/vnd.oasis.opendocument.formula").isDocument)
        #expect(form("download", Self.gzip, type).compression == .gzip)
    }

    @Test("is an archive if its name says so, whatever is in it") func archive() {
        #expect(form("a.zip", zip("[Content_Types].xml")).compression == .zip)
        #expect(form("download", zip("mimetype", "text")).compression == .zip)
    }
}
