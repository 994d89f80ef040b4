import Archive
import ExportCore

/// The names of one file's objects, below their job's folder. An unpacked file keeps its name, a gzip loses `.gz`, and entries of a zip
/// are in a folder with the name of the zip without `.zip`.
///
/// `SafePath` checks entry paths. A path that occurs again in an archive gets a number before its suffix, `a.csv` then `a~2.csv`, in the
/// order of the archive, so that every attempt at the file gives the same names. A name that equals the manifest's gets an underscore in
/// front.
struct ObjectNames {
    private let file: String
    private let compression: Compression
    private var given: Set<String> = []

    /// - Parameters:
    ///   - file: the file's name, unique within its job.
    ///   - compression: as found; not `auto`.
    /// - Throws: `SafePathError` for a name that must not become a path. The file list refuses such names earlier.
    init(file: String, compression: Compression) throws(SafePathError) {
        self.file = try SafePath.relative(file)
        self.compression = compression
    }

    /// The name of the next object.
    /// - Parameter entry: the path of a zip's entry, as the archive has it; `nil` for anything else.
    /// - Throws: `SafePathError` for an entry that must not become a path.
    mutating func next(entry: String?) throws(SafePathError) -> String {
        switch compression {
        case .none, .auto: return Self.reserved(file)
        case .gzip: return Self.reserved(Self.dropping(".gz", of: file))
        case .zip:
            let folder = Self.dropping(".zip", of: file)
            return Self.reserved(folder + "/" + unique(try SafePath.relative(entry ?? folder)))
        }
    }

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

    /// `name` without `suffix`, in upper or lower case. Unchanged if the last component would be empty without it.
    private static func dropping(_ suffix: String, of name: String) -> String {
        guard name.lowercased().hasSuffix(suffix) else { return name }
        let short = name.dropLast(suffix.count)
        return short.isEmpty || short.hasSuffix("/") ? name : String(short)
    }

    /// `manifest.json`, with any number of underscores in front, gets one more, so that no name replaces another.
    private static func reserved(_ name: String) -> String {
        name.drop { $0 == "_" } == ObjectKey.manifestName ? "_" + name : name
    }
}
