import ProviderAPI
import Testing

@Suite("The objects that pages of data become")
struct DataAssemblyTests {
    private static let joinedCSV = DataRules(form: .csv, joins: true, isPaged: true, isBody: true)

    /// The objects of pages that arrive in these chunks.
    private static func objects(
        _ pages: [[String]], _ rules: DataRules = joinedCSV, name: String = "data.csv"
    ) -> [(name: String, text: String)] {
        var assembly = DataAssembly(name: name, rules: rules)
        var objects: [(name: String, bytes: [UInt8])] = []
        for chunks in pages {
            if let name = assembly.begin(hasHeader: true) { objects.append((name, [])) }
            for chunk in chunks { objects[objects.count - 1].bytes += assembly.add(Array(chunk.utf8)) }
            objects[objects.count - 1].bytes += assembly.end()
        }
        return objects.map { ($0.name, String(decoding: $0.bytes, as: UTF8.self)) }
    }

    /// The one object of pages that are joined, as its bytes.
    private static func joined(_ pages: [[String]], _ rules: DataRules = joinedCSV) throws -> [UInt8] {
        let objects = objects(pages, rules)
        #expect(objects.count == 1 && objects.first?.name == "data.csv")
        return Array(try #require(objects.first).text.utf8)
    }

    // MARK: Names

    @Test(
        "are numbered before the extension if each page is one",
        arguments: [
            ("data.csv", ["data-1.csv", "data-2.csv", "data-3.csv"]),
            ("2026/data.csv.gz", ["2026/data-1.csv.gz", "2026/data-2.csv.gz", "2026/data-3.csv.gz"]),
            ("data", ["data-1", "data-2", "data-3"]), ("v1.2/data", ["v1.2/data-1", "v1.2/data-2", "v1.2/data-3"]),
            (".rows", [".rows-1", ".rows-2", ".rows-3"]),
        ])
    func numbered(name: String, names: [String]) {
        let rules = DataRules(form: .csv, joins: false, isPaged: true, isBody: false)
        let objects = Self.objects([["a\n1\n"], ["a\n2\n"], ["a\n3\n"]], rules, name: name)
        #expect(objects.map(\.name) == names)
        #expect(objects.map(\.text) == ["a\n1\n", "a\n2\n", "a\n3\n"], "each has its header")
    }

    @Test("are one without a number, if there is one page or all are joined") func one() {
        let single = DataRules(form: .json, joins: false, isPaged: false, isBody: false)
        #expect(Self.objects([["{", "}"]], single, name: "data.json").map(\.name) == ["data.json"])
        #expect(Self.objects([["{", "}"]], single).map(\.text) == ["{}"])
        #expect(Self.objects([["a\n1\n"], ["a\n2\n"]]).map(\.name) == ["data.csv"])
    }

    @Test("are counted by page") func pages() {
        var assembly = DataAssembly(name: "data.csv", rules: Self.joinedCSV)
        let counts = (0..<3).map { _ in
            defer { _ = assembly.begin(hasHeader: true) }
            return assembly.pages
        }
        #expect(counts == [0, 1, 2])
    }

    @Test("may be empty") func empty() {
        #expect(Self.objects([[]]).map(\.text) == [""])
        #expect(Self.objects([[], [], []]).map(\.text) == [""])
    }

    // MARK: Joined CSV

    @Test(
        "of CSV that is joined hold the header once",
        arguments: [
            ([["a,b\n1,2\n"], ["a,b\n3,4\n"], ["a,b\n5,6\n"]], "a,b\n1,2\n3,4\n5,6\n"),
            // Line ends.
            ([["a\r\n1\r\n"], ["a\r\n2\r\n"]], "a\r\n1\r\n2\r\n"), ([["a\r\n1\r\n"], ["a\n2\n"]], "a\r\n1\r\n2\n"),
            ([["a\n1\n"], ["a\r\n2\r\n"]], "a\n1\n2\r\n"),
            // Byte-order marks.
            ([["\u{FEFF}a\n1\n"], ["\u{FEFF}a\n2\n"]], "\u{FEFF}a\n1\n2\n"), ([["a\n1\n"], ["\u{FEFF}a\n2\n"]], "a\n1\n2\n"),
            ([["\u{FEFF}a\n1\n"], ["a\n2\n"]], "\u{FEFF}a\n1\n2\n"),
            // Quoted fields.
            ([["\"a\nb\",\"c\"\"\n\"\n1,2\n"], ["\"a\nb\",\"c\"\"\n\"\n3,4\n"]], "\"a\nb\",\"c\"\"\n\"\n1,2\n3,4\n"),
            // Chunks.
            ([["a,b\n1,2\n"], ["a", ",b", "\n3,", "4\n"]], "a,b\n1,2\n3,4\n"),
            ([["a", ",b\n1", ",2\n"], ["a,b\n", "3,4\n"]], "a,b\n1,2\n3,4\n"),
            ([["\"a\n", "b\"\n1\n"], ["\"a", "\nb\"\n2\n"]], "\"a\nb\"\n1\n2\n"),
            ([["a\r", "\n1\r\n"], ["a", "\r", "\n2\r\n"]], "a\r\n1\r\n2\r\n"),
            // Pages that are only a header, or empty.
            ([["a\n1\n"], ["a\n"], ["a\n2\n"]], "a\n1\n2\n"), ([["a\n1\n"], ["a"], ["a\n2\n"]], "a\n1\n2\n"),
            ([["a\n1\n"], ["a\r"], [], ["a\n2\n"]], "a\n1\n2\n"), ([["a\n"], ["a\n1\n"]], "a\n1\n"),
            // Pages that do not end their last line.
            ([["a\n1"], ["a\n2"], ["a\n3\n"]], "a\n1\n2\n3\n"), ([["a\n1"], ["a"], ["a\n", "2"]], "a\n1\n2"),
        ] as [([[String]], String)])
    func header(pages: [[String]], text: String) throws {
        #expect(try Self.joined(pages) == Array(text.utf8))
    }

    @Test("of CSV that is joined hold the header once, although the first page ends with it") func firstPageIsHeader() throws {
        #expect(try Self.joined([["a,b"], ["a,b\n1,2\n"], ["a,b\n3,4\n"]]) == Array("a,b\n1,2\n3,4\n".utf8))
    }

    @Test("of CSV that is joined hold the header once, although the first pages are empty") func firstPageIsEmpty() throws {
        #expect(try Self.joined([[], [], ["a,b\n1,2\n"], ["a,b\n3,4\n"]]) == Array("a,b\n1,2\n3,4\n".utf8))
    }

    @Test(
        "of CSV keep a first row that is not the header",
        arguments: [
            ([["a\n1\n"], ["2\n3\n"]], "a\n1\n2\n3\n"), ([["a,b\n1,2\n"], ["a\n3\n"]], "a,b\n1,2\na\n3\n"),
            ([["a\n1\n"], ["ab\n"]], "a\n1\nab\n"), ([["a\n1\n"], ["2"]], "a\n1\n2"), ([["a\n1\n"], ["a\na\n"]], "a\n1\na\n"),
        ] as [([[String]], String)])
    func otherRows(pages: [[String]], text: String) throws {
        #expect(try Self.joined(pages) == Array(text.utf8))
    }

    @Test("of CSV lose nothing of a first row that is too long for a header") func longRow() throws {
        let row = String(repeating: "x", count: 40_000)
        #expect(try Self.joined([["a\n1\n"], [row, row, "\n", "2\n"]]) == Array("a\n1\n\(row)\(row)\n2\n".utf8))
        let pages = [[row, row, "\n1\n"], [row, row, "\n2\n"]]
        #expect(try Self.joined(pages) == Array("\(row)\(row)\n1\n\(row)\(row)\n2\n".utf8), "no header is known")
    }

    // MARK: Other joined forms

    @Test(
        "of lines that are joined keep each line apart, and lines that are equal",
        arguments: [
            ([["{\"a\":1}\n"], ["{\"a\":1}\n"]], "{\"a\":1}\n{\"a\":1}\n"), ([["{\"a\":1}"], ["{\"a\":2}"]], "{\"a\":1}\n{\"a\":2}"),
            ([["1", "2"], [], ["", "3\n"], ["4"]], "12\n3\n4"), ([[], ["1"]], "1"),
        ] as [([[String]], String)])
    func lines(pages: [[String]], text: String) throws {
        for form in [DataRules.Form.ndjson, .json] {
            let rules = DataRules(form: form, joins: true, isPaged: true, isBody: false)
            #expect(try Self.joined(pages, rules) == Array(text.utf8))
        }
    }

    @Test("of text that is joined follow each other as they are", arguments: [DataRules.Form.text, .base64]) func text(form: DataRules.Form)
        throws
    {
        let rules = DataRules(form: form, joins: true, isPaged: true, isBody: false)
        #expect(try Self.joined([["a"], ["b\n"], ["a"]], rules) == Array("ab\na".utf8))
    }
}
