import Foundation
import HTTPClient
import ProviderAPI

/// For commands about one provider file.
extension Settings {
    static func providerSource(file: String) throws -> ProviderSource {
        let found = ProviderFolder.find([file])
        if let problem = found.problems.first { throw Problem.usage("\(problem)") }
        guard let source = found.sources.first, found.sources.count == 1 else { throw Problem.usage("\(file): give one provider file") }
        return source
    }

    /// - Parameter name: the path of a provider file, or the name of a provider in `LONGHAUL_PROVIDERS`.
    func providerSource(_ name: String) throws -> ProviderSource {
        if name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") || FileManager.default.fileExists(atPath: name) {
            return try Self.providerSource(file: name)
        }
        let sources = try providerSources().sources
        guard let source = sources.first(where: { $0.name == name }) else {
            throw Problem.usage(UnknownProvider.message(name, known: sources.map(\.name).sorted()))
        }
        return source
    }

    /// A file whose API is on this machine says so itself.
    func egress(for source: ProviderSource) throws -> EgressPolicy {
        let isLocal = source.yaml.contains(#/(?m)^baseURL: *["']?https?:\/\/(127\.|localhost[:\/]|\[::1\])/#)
        return try isLocal && isStandard("LONGHAUL_EGRESS") ? .all : egress()
    }

    /// What services must have in `LONGHAUL_EGRESS` for an API whose address is in the provider file; `nil` if they may reach it.
    func egressProblem(of source: ProviderSource) throws -> String? {
        let host = source.yaml.firstMatch(of: #/(?m)^baseURL: *["']?https?:\/\/(?:\[([^\]]+)\]|([^\/:"'\s]+))/#)
        guard let name = host.flatMap({ $0.output.1 ?? $0.output.2 }) else { return nil }
        guard let address = IPAddress(name == "localhost" ? "127.0.0.1" : String(name)), try !egress().allows(address) else { return nil }
        let others = isStandard("LONGHAUL_EGRESS") ? "" : ",\(try required("LONGHAUL_EGRESS"))"
        return "\(name) is no public address, and services do not connect to it; set LONGHAUL_EGRESS=\(address)\(others)"
    }
}
