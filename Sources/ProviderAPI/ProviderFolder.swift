import EventThread
import Foundation

/// Finds provider files.
public enum ProviderFolder {
    /// Checks all files that `find` finds. Secrets are not read.
    /// - Returns: all problems and advice, sorted, and the number of files.
    public static func check(_ paths: [String], on thread: EventThread) async -> (problems: [ProviderFileProblem], files: Int) {
        var (sources, problems) = find(paths)
        for source in sources { problems += await ProviderClient.problems(of: source, on: thread) }
        let files = Set(sources.map(\.file)).union(problems.map(\.file)).count
        return (ProviderFileError(problems).problems, files)
    }

    /// Every `*.yaml` and `*.yml` in the given folders, and the given files; sorted by path. The problems are those of what is left out: a
    /// path that cannot be read, a file that is not YAML, a name that two files share; and of budgets that files do not agree on.
    public static func find(_ paths: [String]) -> (sources: [ProviderSource], problems: [ProviderFileProblem]) {
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
        return (sources, problems + duplicates(sources) + SharedBudgets.problems(sources))
    }

    /// The provider files of a path, or of a folder; none if it cannot be read.
    public static func candidates(_ path: String) -> [String] { (try? files(at: path)) ?? [] }

    private static func files(at path: String) throws(ProviderFileError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw unreadable(path, "no such file or folder", fix: "give the path of a provider file or of a folder of provider files")
        }
        guard isFolder.boolValue else { return [path] }
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { name in
                !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml"))
            }
            return names.sorted().map { path.hasSuffix("/") ? path + $0 : "\(path)/\($0)" }
        } catch {
            throw unreadable(path, "cannot list the folder (\(error.localizedDescription))", fix: "give the service read permission")
        }
    }

    private static func text(of file: String) throws(ProviderFileError) -> String {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw unreadable(file, "cannot read the file (\(error.localizedDescription))", fix: "give the service read permission")
        }
        guard bytes.count <= 1 << 20 else { throw unreadable(file, "larger than 1 MiB", fix: "check that it is a provider file") }
        guard let text = String(data: bytes, encoding: .utf8) else { throw unreadable(file, "not UTF-8", fix: "save it as UTF-8") }
        return text
    }

    private static func duplicates(_ sources: [ProviderSource]) -> [ProviderFileProblem] {
        let byName = Dictionary(grouping: sources, by: \.name).values.filter { $0.count > 1 }
        return byName.flatMap { same in
            same.dropFirst().map {
                ProviderFileProblem(
                    file: $0.file, line: 1, column: 1, field: "provider", message: "\"\($0.name)\" is already the name in \(same[0].file)",
                    fix: "give each provider a unique name")
            }
        }
    }

    private static func unreadable(_ file: String, _ message: String, fix: String) -> ProviderFileError {
        ProviderFileError([ProviderFileProblem(file: file, line: 1, column: 1, field: "", message: message, fix: fix)])
    }
}
