/// The parts of the context that a filter names. Parts that no filter of a step names are not built.
struct ContextParts: OptionSet {
    let rawValue: UInt32
    static let job = ContextParts(rawValue: 1)
    static let parameters = ContextParts(rawValue: 2)
    static let export = ContextParts(rawValue: 4)
    static let secrets = ContextParts(rawValue: 8)
    static let page = ContextParts(rawValue: 16)
    static let response = ContextParts(rawValue: 32)
    static let status = ContextParts(rawValue: 64)
    static let headers = ContextParts(rawValue: 128)
    static let body = ContextParts(rawValue: 256)
    static let request = ContextParts(rawValue: 512)
    static let session = ContextParts(rawValue: 1024)
    static let assertion = ContextParts(rawValue: 2048)
    static let file = ContextParts(rawValue: 4096)
    static let ids = ContextParts(rawValue: 8192)
    static let exports = ContextParts(rawValue: 16_384)
    static let item = ContextParts(rawValue: 32_768)
    static let callback = ContextParts(rawValue: 65_536)

    private static let heads: [(String, ContextParts)] = [
        ("job", .job), ("parameters", .parameters), ("export", .export), ("secrets", .secrets), ("request", .request),
    ]
    private static let names: [(String, ContextParts)] = [
        ("response", .response), ("status", .status), ("headers", .headers), ("body", .body),
    ]

    init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Detects parts by the words in the filter, so it may include a part too many; not one whose word only stands within a longer path, such
    /// as `.response.body.job`. A filter over the whole context, such as `keys`, sees the parts that the step's filters name.
    init(namedIn filter: String) {
        self = Self.names.reduce(into: []) { if filter.contains($1.0) { $0.insert($1.1) } }
        for (name, part) in Self.heads where PathHeads.mayRead(name, in: filter) { insert(part) }
        // Exact, because these also decide what else is done: `.parameters.pages` is not `.page`.
        for (path, part) in [
            (".page", ContextParts.page), (".session", .session), (".assertion", .assertion), (".file", .file), (".ids", .ids),
            (".exports", .exports), (".item", .item), (".callback", .callback),
        ]
        where !PathHeads.occurrences(of: path, in: filter).isEmpty { insert(part) }
    }
}
