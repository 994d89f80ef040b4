import Foundation

/// Finds provider files.
public enum ProviderFolder {
    /// Every `*.yaml` and `*.yml` of the folders, and the files, that `paths` name; sorted by path.
    /// - Throws: all that hinders: a path that cannot be read, a file that is no YAML, a name that two files have.
    public static func load(_ paths: [String]) throws(ProviderFileError) -> [ProviderSource] {
        var sources: [ProviderSource] = []
        var problems: [ProviderFileProblem] = []
        for path in paths {
            do throws(ProviderFileError) {
                for file in try files(at: path) {
                    do throws(ProviderFileError) {
                        sources.append(try ProviderSource(yaml: try text(of: file), file: file))
                    } catch {
                        problems += error.problems
                    }
                }
            } catch {
                problems += error.problems
            }
        }
        problems += duplicates(sources)
        if !problems.isEmpty { throw ProviderFileError(problems) }
        return sources
    }

    private static func files(at path: String) throws(ProviderFileError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw unreadable(path, "there is no such file or folder", mend: "name a folder of provider files, or one of them")
        }
        guard isFolder.boolValue else { return [path] }
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { name in
                !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
            }
            return names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
        } catch {
            throw unreadable(path, "cannot be listed (\(error.localizedDescription))", mend: "give the service the right to read it")
        }
    }

    private static func text(of file: String) throws(ProviderFileError) -> String {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw unreadable(file, "cannot be read (\(error.localizedDescription))", mend: "give the service the right to read it")
        }
        guard bytes.count <= 1 << 20 else { throw unreadable(file, "longer than 1 MiB", mend: "is it a provider file?") }
        guard let text = String(data: bytes, encoding: .utf8) else { throw unreadable(file, "not UTF-8", mend: "save it as UTF-8") }
        return text
    }

    private static func duplicates(_ sources: [ProviderSource]) -> [ProviderFileProblem] {
        let byName = Dictionary(grouping: sources, by: \.name).values.filter { $0.count > 1 }
        return byName.flatMap { same in
            same.dropFirst().map {
                ProviderFileProblem(
                    file: $0.file, line: 1, column: 1, field: "provider", message: "\($0.name) is the name in \(same[0].file) too",
                    mend: "give each provider a name of its own")
            }
        }
    }

    private static func unreadable(_ file: String, _ message: String, mend: String) -> ProviderFileError {
        ProviderFileError([ProviderFileProblem(file: file, line: 1, column: 1, field: "", message: message, mend: mend)])
    }
}
