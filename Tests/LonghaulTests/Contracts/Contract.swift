import Foundation
import Testing
import Yams

/// A conversation with an API as its public documentation describes it, from `Tests/Contracts`: what is asked, and what is answered.
struct Contract: Sendable {
    let name: String
    /// Texts of the provider file, and the servers that take their place.
    let hosts: [String: String]
    /// Servers that only answers name.
    let links: [String]
    /// The secrets. `KEY_RSA` and `KEY_EC` stand for private keys.
    let environment: [String: String]
    let scenarios: [Scenario]

    struct Scenario: Sendable {
        let name: String
        /// A JSON object.
        let parameters: String
        let exchanges: [ContractExchange]
        /// Names and contents of the files that must arrive.
        let files: [String: Data]
        /// The code that the job fails with.
        let failure: String?
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
    static let folder = root.appending(path: "Tests/Contracts")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }()

    static func read(_ name: String) throws -> Contract {
        let text = try String(contentsOf: folder.appending(path: "\(name).yaml"), encoding: .utf8)
        let yaml = try #require(try Yams.load(yaml: text) as? [String: Any], "\(name): not a mapping")
        let links = yaml["links"] as? [String: Any] ?? [:]
        let scenarios = try #require(yaml["scenarios"] as? [[String: Any]], "\(name): no scenarios")
        return Contract(
            name: name, hosts: yaml["hosts"] as? [String: String] ?? [:], links: links.keys.sorted(),
            environment: (yaml["environment"] as? [String: Any] ?? [:]).mapValues { "\($0)" },
            scenarios: try scenarios.map(Scenario.init))
    }
}

extension Contract.Scenario {
    fileprivate init(_ yaml: [String: Any]) throws {
        name = yaml["name"] as? String ?? "?"
        let data = try JSONSerialization.data(withJSONObject: yaml["parameters"] ?? [String: Any](), options: .sortedKeys)
        parameters = String(decoding: data, as: UTF8.self)
        exchanges = try (yaml["exchanges"] as? [[String: Any]] ?? []).map(ContractExchange.init)
        files = try (yaml["files"] as? [String: Any] ?? [:]).mapValues { content in
            guard let packed = content as? [String: Any] else { return Data("\(content)".utf8) }
            return try #require(Data(base64Encoded: packed["base64"] as? String ?? ""), "not base64: \(packed)")
        }
        failure = yaml["fails"] as? String
    }
}
