import Foundation
import TestServers
import Testing

/// What running a contract needs.
extension Contract {
    /// The provider file of the catalogue, with the servers of the contract in the place of the API's.
    func providerFile(_ server: ContractServer) throws -> String {
        var yaml = try String(contentsOf: Self.root.appending(path: "ops/providers/\(name).yaml"), encoding: .utf8)
        // The longest first: one may be the beginning of another.
        for (text, host) in hosts.sorted(by: { $0.key.count > $1.key.count }) {
            try #require(yaml.contains(text), "\(name): the provider file does not hold \(text)")
            yaml = yaml.replacing(text, with: try #require(server.urls[host]))
        }
        return yaml
    }

    /// The environment, and the texts in it that must be shown and kept nowhere.
    func secrets() throws -> (environment: [String: String], texts: [String]) {
        var environment = environment
        for (name, value) in environment where value == "KEY_RSA" || value == "KEY_EC" {
            environment[name] = value == "KEY_RSA" ? PrivateKeys.rsa : PrivateKeys.ec384
        }
        let texts = environment.values.flatMap {
            $0.contains("\n") ? $0.split(separator: "\n").dropFirst().dropLast().map(String.init) : [$0]
        }
        return (environment, texts.filter { $0.count >= 8 })
    }
}

extension Contract.Scenario {
    /// The same with another id of the job.
    func renamed(job id: String, to name: String) -> Contract.Scenario {
        Contract.Scenario(
            name: self.name, parameters: parameters, exchanges: exchanges.map { $0.renamed(id, name) }, files: files, failure: failure)
    }
}

/// Made for this run.
private enum PrivateKeys {
    static let rsa = made("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    static let ec384 = made("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp384r1")

    private static func made(_ arguments: String...) -> String {
        let folder = FileManager.default.temporaryDirectory
        let name = "longhaul-key-\(UUID().uuidString)"
        guard let command = try? OpenSSL(arguments, in: folder, output: name), command.wait() == 0 else { return "(openssl failed)" }
        defer { try? FileManager.default.removeItem(at: folder.appending(path: name)) }  // the system deletes leftovers
        return (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
    }
}
