import Encoding
import EventThread
import Foundation
import JobStore
import ProviderAPI

extension SubmitCommand {
    /// The jobs that the arguments describe or name.
    /// - Throws: a `Problem` that names the argument.
    /// - Parameter schema: of the provider's parameters, where it is known.
    func source(_ schema: ParameterSchema?) throws -> JobSource {
        if let from {
            guard provider == nil, parameter.isEmpty, parameters == nil, id == nil, priority == nil, tenant == nil, correlationId == nil,
                webhook == nil
            else {
                throw Problem.usage("--from reads all jobs from the file; remove PROVIDER and the options that describe a job")
            }
            return try JobSource(file: from)
        }
        guard let provider else { throw Problem.usage("no job given; name the PROVIDER or use --from FILE, see `longhaul submit --help`") }
        return JobSource(line: try message(provider, JobParameters(object: parameters, pairs: parameter, schema: schema).json()))
    }

    /// What orchestrators have reported of the provider's parameters. A store that cannot be read is reported by the check that follows.
    func schema(_ settings: Settings, on thread: EventThread) async -> ParameterSchema? {
        guard let provider, !parameter.isEmpty, !noCheck,
            let connection = try? await StoreConnection.open(settings, name: "longhaul-submit", on: thread, logger: Terminal.quietLogger)
        else { return nil }
        let known = try? await connection.store.knownProviders()
        await connection.close()
        return known?.parameters[provider].flatMap { ParameterSchema(json: $0) }
    }

    private func message(_ provider: String, _ parameters: String) -> String {
        var writer = JSONWriter()
        writer.object { json in
            if let correlationId { json.field("correlationId", correlationId) }
            json.field("exportJobId", id ?? UUID().uuidString.lowercased())
            json.field("parameters", json: parameters)
            if let priority { json.field("priority", priority.rawValue) }
            json.field("provider", provider)
            if let tenant { json.field("tenant", tenant) }
            if let webhook { json.field("webhook", webhook) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
