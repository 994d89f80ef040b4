import ProviderAPI

/// What to say about the name of a provider that no orchestrator knows.
enum UnknownProvider {
    static func message(_ name: String, known: [String]) -> String {
        let start = "provider \"\(name.prefix(64))\" is unknown to the running orchestrators; "
        if let near = Spelling.nearest(to: name, in: known) { return start + "did you mean \"\(near)\"?" }
        let more = known.count > 10 ? " and \(known.count - 10) more, see `longhaul provider list`" : ""
        return start + "known are \(known.prefix(10).joined(separator: ", "))\(more)"
    }
}
