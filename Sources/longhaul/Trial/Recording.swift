import ExportCore
import Foundation
import ProviderAPI

/// A trial that was recorded: a folder with `recording.json` and the provider file as it was.
struct Recording: Codable {
    /// Of this form of recordings.
    var version = 1
    var provider: String
    var id: String
    var tenant: String
    /// A JSON object.
    var parameters: String
    var exchanges: [RecordedExchange]

    private static let name = "recording.json"

    /// What a replay reads in the place of secrets.
    static let secrets = SecretSource { _ in
        "***"
    } ofAccount: { _, _ in
        "***"
    }

    init(_ job: JobContext, _ exchanges: [RecordedExchange], _ client: ProviderClient) {
        let request = job.request
        (provider, id, tenant) = (request.provider, request.id.text, request.tenant)
        (parameters, self.exchanges) = (client.redacted(request.parameters), exchanges)
    }

    /// Reads a folder that `write` wrote.
    init(folder: String) throws {
        do {
            self = try JSONDecoder().decode(Recording.self, from: try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(Self.name)")))
        } catch {
            throw Problem.usage("--replay \(folder): no recording in \(Self.name): \(error.localizedDescription)")
        }
        guard version == 1 else { throw Problem.usage("--replay \(folder): recorded by a newer version of Longhaul") }
    }

    func write(to folder: String, _ source: ProviderSource) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try encoder.encode(self).write(to: URL(fileURLWithPath: "\(folder)/\(Self.name)"))
            try Data(source.yaml.utf8).write(to: URL(fileURLWithPath: "\(folder)/provider.yaml"))
        } catch {
            throw Problem(message: "--record \(folder): \(error.localizedDescription)", code: .init(74))
        }
    }
}
