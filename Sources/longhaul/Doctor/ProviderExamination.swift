import EventThread
import HTTPClient
import ProviderAPI

/// Checks the provider files: readable, valid, and with all secrets set.
struct ProviderExamination: Sendable {
    let settings: Settings
    let thread: EventThread

    func findings() async -> [Finding] {
        do {
            let http = try settings.httpClient("provider", egress: settings.egress(), on: thread, logger: Terminal.quietLogger)
            let clients = try await settings.providers(http: http, on: thread)
            let findings = clients.values.sorted { $0.definition.name < $1.definition.name }.map(Self.examine)
            await http.shutdown()
            return findings
        } catch let problem as Problem {
            return [.bad("providers", problem.message)]
        } catch {
            return [.bad("providers", "\(error)")]
        }
    }

    private static func examine(_ client: ProviderClient) -> Finding {
        let definition = client.definition
        guard definition.createSafety.isEmpty else { return .good("provider \(definition.name)", definition.file) }
        return .doubtful(
            "provider \(definition.name)",
            "a crash during a create may start a second export; add an Idempotency-Key header, adopt or find")
    }
}
