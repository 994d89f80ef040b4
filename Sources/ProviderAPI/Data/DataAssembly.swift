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

    /// The most pages that become objects of their own.
    public static let mostObjects = 20_000

    /// Begins the next page.
    /// - Returns: the name of the object that begins with it; `nil`: it continues the last one.
    public mutating func begin() -> String? {
        page += 1
        if page == 1 { header.first() } else if removesHeader { header.another() }
        guard rules.joins else { return rules.isPaged ? numbered : name }
        return page == 1 ? name : nil
    }

    /// - Returns: what is written of the bytes of a page.
    public mutating func add(_ bytes: [UInt8]) -> [UInt8] { kept(removesHeader ? header.add(bytes) : bytes) }

    /// Ends the page.
    /// - Returns: what is still to be written.
    public mutating func end() -> [UInt8] { kept(removesHeader ? header.end() : []) }

    public var pages: Int { page }

    private var removesHeader: Bool { rules.joins && rules.form == .csv }

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

    private var known: [UInt8] = []
    private var held: [UInt8] = []
    private var state = State.passing

    private enum State { case learning, comparing, passing }

    mutating func first() { state = .learning }

    mutating func another() { (state, held) = (known.isEmpty ? .passing : .comparing, []) }

    mutating func add(_ bytes: [UInt8]) -> [UInt8] {
        guard state != .passing else { return bytes }
        held += bytes
        guard let end = Self.endOfRow(held) else { return held.count > Self.longest ? release() : [] }
        let row = Array(held[..<end])
        if state == .learning { known = row } else if Self.text(row) == Self.text(known) { held.removeFirst(end) }
        return release()
    }

    mutating func end() -> [UInt8] {
        if state == .comparing, Self.text(held) == Self.text(known) { held = [] }
        return release()
    }

    private mutating func release() -> [UInt8] {
        defer { (held, state) = ([], .passing) }
        return held
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
