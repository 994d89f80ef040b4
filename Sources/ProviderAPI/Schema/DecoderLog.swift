/// What the decoder of provider files accepts at each place, as it was asked for while it read files. `FileSchema` is made of it.
final class DecoderLog {
    enum Kind: Hashable {
        /// Text of any kind, also what YAML takes for a number or a truth value.
        case text
        case boolean, duration, percentage, rate, bytes, any
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case words([String])
        case list
        /// An element, or a list of such.
        case oneOrMany
        /// A mapping with any keys, `*` in paths.
        case map
        /// A mapping with known keys.
        case section
    }

    private(set) var kinds: [String: Set<Kind>] = [:]
    /// The known keys of sections, in the order of their first mention.
    private(set) var keys: [String: [String]] = [:]
    private var sections: [String: Int] = [:]
    private var required: [String: Int] = [:]

    func note(_ path: String, _ kind: Kind) { kinds[canonical(path), default: []].insert(kind) }

    func note(_ path: String, keys names: [String]) {
        let place = canonical(path)
        kinds[place, default: []].insert(.section)
        sections[place, default: 0] += 1
        let known = keys[place] ?? []
        keys[place] = known + names.filter { !known.contains($0) }
    }

    func noteRequired(_ key: String, in path: String) { required["\(canonical(path)).\(key)", default: 0] += 1 }

    /// Whether the key was asked for wherever this section was read.
    func isRequired(_ key: String, in place: String) -> Bool { required["\(place).\(key)"].map { $0 >= sections[place] ?? 0 } ?? false }

    /// The path with `[]` for the elements of lists, and `*` for the keys of mappings that may have any.
    private func canonical(_ path: String) -> String {
        guard !path.isEmpty else { return "" }
        var place = ""
        for part in path.split(separator: ".", omittingEmptySubsequences: false) {
            let name = part.prefix { $0 != "[" }
            let isKnown = keys[place]?.contains(String(name)) ?? false
            place = Self.child(isKnown ? String(name) : "*", of: place)
            for _ in part.dropFirst(name.count) where part.contains("[") {
                place += "[]"
                break
            }
        }
        return place
    }

    /// The place itself, if the files have it; otherwise one with the same key in a section of the same name: `auth.aws` for
    /// `create.auth.aws`. Sections that stand in many places are read by the same code.
    func analog(of place: String) -> String? {
        if kinds[place] != nil { return place }
        let end = place.split(separator: ".").suffix(2).joined(separator: ".")
        let key = place.split(separator: ".").last.map(String.init) ?? place
        let known = kinds.keys.sorted { ($0.count, $0) < ($1.count, $1) }
        return known.first { $0 == end || $0.hasSuffix("." + end) }
            ?? known.first { $0 == key || $0.hasSuffix(".create." + key) || $0 == "create." + key }
    }

    static func child(_ key: String, of place: String) -> String { place.isEmpty ? key : "\(place).\(key)" }
}
