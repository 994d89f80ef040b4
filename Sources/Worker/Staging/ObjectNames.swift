import ExportCore

/// The names of one file's objects, below their job's folder. A file that stays as it is keeps its name, an unpacked one loses the suffix of
/// gzip, and entries of a zip are in a folder with the name of the zip without `.zip`.
///
/// `SafePath` checks entry paths. A path that occurs again in an archive gets a number before its suffix, `a.csv` then `a~2.csv`, in the
/// order of the archive, so that every attempt at the file gives the same names. A name that equals the manifest's, or that of the job's history,
/// gets an underscore in front.
struct ObjectNames {
    /// What becomes of a file's name.
    enum Form: Sendable, Equatable {
        /// It stays.
        case whole
        /// The file is not packed, or not any more: `.gz` and `.gzip` go, `.tgz` becomes `.tar` and `.svgz` becomes `.svg`.
        case unpacked
        /// It becomes the folder of the entries.
        case folder
    }

    private let file: String
    private let form: Form
    private var given: Set<String> = []

    /// - Parameter file: the file's name, unique within its job.
    /// - Throws: `SafePathError` for a name that must not become a path. The file list replaces such names earlier.
    init(file: String, form: Form) throws(SafePathError) {
        self.file = try SafePath.relative(file)
        self.form = form
    }

    /// The name of the next object.
    /// - Parameter entry: the path of a zip's entry, as the archive has it; `nil` for anything else.
    /// - Throws: `SafePathError` for an entry that must not become a path.
    mutating func next(entry: String?) throws(SafePathError) -> String {
        switch form {
        case .whole: return Self.reserved(file)
        case .unpacked: return Self.reserved(Self.unpacked(file))
        case .folder:
            let folder = Self.replacing(".zip", by: "", in: file)
            return Self.reserved(folder + "/" + unique(try SafePath.relative(entry ?? folder)))
        }
    }

    /// Whether the object's name says more than that the file is not packed any more.
    static func isRenamed(_ name: String) -> Bool { name.hasPrefix("_") && reserved(String(name.dropFirst())) == name }

    private mutating func unique(_ path: String) -> String {
        if given.insert(path).inserted { return path }
        var number = 2
        while true {
            let candidate = Self.numbered(path, number)
            if given.insert(candidate).inserted { return candidate }
            number += 1
        }
    }

    /// `a/b.csv` and 2: `a/b~2.csv`
    private static func numbered(_ path: String, _ number: Int) -> String {
        let start = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        let name = path[start...]
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "\(path)~\(number)" }
        return "\(path[..<dot])~\(number)\(path[dot...])"
    }

    // Scripts/include/file_names.lua reserves names by the same rules.
    private static let suffixes = [(".gz", ""), (".gzip", ""), (".tgz", ".tar"), (".svgz", ".svg")]

    private static func unpacked(_ name: String) -> String {
        guard let last = name.utf8.last, [0x5A, 0x7A, 0x50, 0x70].contains(last) else { return name }
        for (suffix, replacement) in suffixes {
            let short = replacing(suffix, by: replacement, in: name)
            if short != name { return short }
        }
        return name
    }

    /// `name` with another suffix, whether it is in upper or lower case. Unchanged if the last component would have nothing before it.
    private static func replacing(_ suffix: String, by replacement: String, in name: String) -> String {
        guard name.lowercased().hasSuffix(suffix) else { return name }
        let short = name.dropLast(suffix.count)
        return short.isEmpty || short.hasSuffix("/") ? name : short + replacement
    }

    /// `manifest.json` and `history.ndjson` as a file or a folder, with any number of underscores in front, get one more, so that no name
    /// replaces another.
    private static func reserved(_ name: String) -> String {
        let rest = name.drop { $0 == "_" }
        for own in [ObjectKey.manifestName, ObjectKey.historyName] where rest.hasPrefix(own) {
            let behind = rest.dropFirst(own.count)
            if behind.isEmpty || behind.hasPrefix("/") { return "_" + name }
        }
        return name
    }
}
