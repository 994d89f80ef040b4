import Configuration
import Foundation
import SystemPackage
import Yams

/// The settings of this process: from the environment, then the YAML file, then the defaults.
struct Settings: Sendable {
    private let reader: ConfigReader
    let environment: [String: String]

    /// - Throws: if the file cannot be read or a name is unknown, because a misspelt setting would otherwise be ignored.
    static func load(file: String?, environment: [String: String] = ProcessInfo.processInfo.environment) async throws -> Settings {
        try refuseUnknown(Array(environment.keys.filter { $0.hasPrefix("LONGHAUL_") }), from: "the environment")
        var providers: [any ConfigProvider] = [EnvironmentVariablesProvider(environmentVariables: environment)]
        if let file {
            try refuseUnknown(try names(in: file), from: file)
            do {
                providers.append(try await FileProvider<YAMLSnapshot>(filePath: FilePath(file)))
            } catch {
                throw Problem.usage("--config \(file): \(error)")
            }
        }
        return Settings(reader: ConfigReader(providers: providers), environment: environment)
    }

    private static func names(in file: String) throws -> [String] {
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            guard let root = try Yams.compose(yaml: text) else { return [] }
            guard let mapping = root.mapping else { throw Problem.usage("--config \(file): the file must be a mapping of names to values") }
            return mapping.keys.compactMap(\.string)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem.usage("--config \(file): \(error is YamlError ? "\(error)" : error.localizedDescription)")
        }
    }

    private static func refuseUnknown(_ names: [String], from source: String) throws {
        // Variables of the scripts in ops, which share the environment.
        let foreign: Set<String> = ["LONGHAUL_OPS", "LONGHAUL_RABBITMQ_MANAGEMENT"]
        for name in names.sorted() where Setting.named(name) == nil && !foreign.contains(name) {
            if name.hasSuffix("_FILE"), Setting.secrets.contains(String(name.dropLast(5))) { continue }
            throw Problem.usage("\(name) in \(source) is not a setting; see `longhaul settings` for all names")
        }
    }

    /// The value as text; `nil` if it is not set and has no default.
    func text(_ name: String) throws -> String? {
        if let value = reader.string(forKey: ConfigKey([name])), !value.isEmpty { return value }
        if Setting.secrets.contains(name), let file = reader.string(forKey: ConfigKey([name + "_FILE"])), !file.isEmpty {
            do {
                return try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            } catch {
                throw Problem.usage("\(name)_FILE: cannot read \(file): \(error.localizedDescription)")
            }
        }
        return Setting.named(name)?.standard
    }

    /// Whether nothing sets it.
    func isStandard(_ name: String) -> Bool { (reader.string(forKey: ConfigKey([name])) ?? "").isEmpty }

    func required(_ name: String) throws -> String {
        guard let value = try text(name) else {
            throw Problem.usage("\(name) is not set; set it: \(Setting.named(name)?.help ?? "")")
        }
        return value
    }

    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
        let text = try required(name)
        guard let number = Int(text), range.contains(number) else {
            throw Problem.usage("\(name)=\(text): must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func duration(_ name: String, _ range: ClosedRange<Duration>) throws -> Duration {
        let text = try required(name)
        guard let duration = Duration(setting: text), range.contains(duration) else {
            throw Problem.usage(
                "\(name)=\(text): must be a time such as 500ms, 30s, 5m, 2h or 7d, from \(range.lowerBound) to \(range.upperBound)")
        }
        return duration
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _ type: Choice.Type) throws -> Choice {
        let text = try required(name)
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.usage("\(name)=\(text): must be one of \(choices)")
        }
        return choice
    }
}

extension Duration {
    /// Reads `500ms`, `30s`, `1.5h` or `7d`.
    init?(setting text: String) {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
        guard let (suffix, seconds) = units.first(where: { text.hasSuffix($0.0) }),
            let number = Double(text.dropLast(suffix.count)), number.isFinite, number >= 0, number * seconds < 1e10
        else { return nil }
        self = .seconds(number * seconds)
    }
}
