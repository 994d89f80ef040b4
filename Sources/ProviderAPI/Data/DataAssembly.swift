/// Makes an export's objects of its pages: one of all, or one of each. Pure.
public struct DataAssembly: Sendable {
    private let name: String
    private let rules: DataRules
    private var page = 0
    private var header: CSVHeader
    private var lastByte: UInt8?

    /// - Parameter name: of the object, or what the names of the pages are made of.
    public init(name: String, rules: DataRules) {
        self.name = name
        self.rules = rules
        header = CSVHeader()
    }

    /// So many pages are an endless circle, or too many objects.
    public var mostPages: Int { rules.joins ? 1_000_000 : 20_000 }

    /// Begins the next page.
    /// - Parameter hasHeader: whether its first row is one. Rows that are lists have none.
    /// - Returns: the name of the object that begins with it; `nil`: it continues the last one.
    public mutating func begin(hasHeader: Bool) -> String? {
        page += 1
        removesHeader = hasHeader && rules.joins && rules.form == .csv
        header.begin()
        guard rules.joins else { return rules.isPaged ? numbered : name }
        return page == 1 ? name : nil
    }

    /// - Returns: what is written of the bytes of a page.
    public mutating func add(_ bytes: [UInt8]) -> [UInt8] { kept(removesHeader ? header.add(bytes) : bytes) }

    /// Ends the page.
    /// - Returns: what is still to be written.
    public mutating func end() -> [UInt8] { kept(removesHeader ? header.end() : []) }

    public var pages: Int { page }

    private var removesHeader = false

    /// A page that does not end its last line must not run into the next one.
    private mutating func kept(_ bytes: [UInt8]) -> [UInt8] {
        guard let last = bytes.last else { return [] }
        let breaks = rules.joins && rules.form.hasLines && lastByte.map { $0 != UInt8(ascii: "\n") } == true && isAtStart
        isAtStart = false
        lastByte = last
        return breaks ? [UInt8(ascii: "\n")] + bytes : bytes
    }

    private var isAtStart: Bool {
        get { startedPage != page }
        set { if !newValue { startedPage = page } }
    }
    private var startedPage = 0

    /// `a/data.csv` and page 2: `a/data-2.csv`
    private var numbered: String {
        let start = name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex
        guard let dot = name[start...].firstIndex(of: "."), dot > start else { return "\(name)-\(page)" }
        return "\(name[..<dot])-\(page)\(name[dot...])"
    }
}

/// The header row of the first page, which later pages repeat.
private struct CSVHeader: Sendable {
    /// The longest row that counts as a header.
    private static let longest = 64 << 10

    private var known: ArraySlice<UInt8>?
    private var held: [UInt8] = []
    /// Whether the first row of the page is behind.
    private var isPassing = false

    mutating func begin() { (held, isPassing) = ([], false) }

    mutating func add(_ bytes: [UInt8]) -> [UInt8] {
        guard !isPassing else { return bytes }
        held += bytes
        guard let end = Self.endOfRow(held) else { return held.count > Self.longest ? release(behind: 0) : [] }
        return release(behind: isKnown(held[..<end]) ? end : 0)
    }

    /// The only row of a page may have no line feed.
    mutating func end() -> [UInt8] { release(behind: !isPassing && !held.isEmpty && isKnown(held[...]) ? held.count : 0) }

    /// Learns the row of the first page that has one.
    private mutating func isKnown(_ row: ArraySlice<UInt8>) -> Bool {
        let text = Self.text(Array(row))
        guard let known else {
            self.known = text
            return false
        }
        return text == known
    }

    private mutating func release(behind end: Int) -> [UInt8] {
        defer { (held, isPassing) = ([], true) }
        return Array(held[end...])
    }

    /// Behind the line feed that ends the first row; `nil` if it is not there yet. A quoted field may hold line feeds.
    private static func endOfRow(_ bytes: [UInt8]) -> Int? {
        var isQuoted = false
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: "\n"), !isQuoted { return index + 1 }
        }
        return nil
    }

    /// Without the end of the line and a byte-order mark.
    private static func text(_ row: [UInt8]) -> ArraySlice<UInt8> {
        let row = row.starts(with: [0xEF, 0xBB, 0xBF]) ? row.dropFirst(3) : row[...]
        return row.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed()[...]
    }
}
