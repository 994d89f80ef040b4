import EventThread
import HTTPClient
import ProviderAPI

/// Checks the providers, one after the other: the file, its secrets, and whether the provider may be asked now.
struct ProviderExamination: Sendable {
    let settings: Settings
    let thread: EventThread

    func findings() async -> [Finding] {
        do {
            let found = try settings.providerSources()
            var findings = found.problems.map { Finding.bad("provider file", "\($0)") }
            guard !found.sources.isEmpty else {
                guard findings.isEmpty else { return findings }
                let paths = try settings.required("LONGHAUL_PROVIDERS")
                return [.bad("providers", "LONGHAUL_PROVIDERS=\(paths): no provider files (*.yaml) found; add one or correct the path")]
            }
            let http = try settings.httpClient("provider", egress: settings.egress(), on: thread, logger: Terminal.quietLogger)
            let health = await HealthExamination.open(settings, on: thread)
            var conditions: [String: ProviderCondition] = [:]
            for source in found.sources.sorted(by: { $0.name < $1.name }) {
                findings += await examine(source, http)
                // The health of a provider whose file cannot be read says nothing.
                if findings.last?.verdict != .bad || findings.last?.parent != nil, let health {
                    let known = await health.examine(source.name)
                    findings += known.findings.map { $0.below("provider \(source.name)") }
                    conditions[source.name] = known.condition
                }
                if let finding = await health?.webhook(source.name) { findings.append(finding.below("provider \(source.name)")) }
            }
            if let cause = await health?.commonCause(conditions) { findings.insert(cause, at: 0) }
            await health?.close()
            await http.shutdown()
            return findings
        } catch {
            return [.bad("providers", (error as? Problem)?.message ?? "\(error)")]
        }
    }

    private func examine(_ source: ProviderSource, _ http: HTTPClient) async -> [Finding] {
        let subject = "provider \(source.name)"
        do throws(ProviderFileError) {
            let client = try await ProviderClient.open(source, http: http, on: thread, secrets: settings.secretSource)
            let egress = try? settings.egressProblem(of: source)  // the setting itself is reported elsewhere
            let details = Self.details(client) + [egress].compactMap { $0 }.map { Finding.bad("egress", $0) }
            return [Finding.good(subject, source.file).oneOf(.provider)] + details.map { $0.below(subject) }
        } catch {
            return error.problems.map { .bad(subject, "\($0)") }
        }
    }

    /// What is worth a word about a file that is valid.
    private static func details(_ client: ProviderClient) -> [Finding] {
        (client.secretProblems + client.webhookProblems).map { .bad("secret", "\($0)") }
            + (createSafety(client.definition).map { [$0] } ?? [])
    }

    private static func createSafety(_ definition: ProviderDefinition) -> Finding? {
        guard definition.createSafety.isEmpty, !definition.acceptsSecondExport else { return nil }
        return .doubtful(
            "create",
            "a crash during a create may start a second export; add an Idempotency-Key header, adopt or find; "
                + "or write idempotent: true if the API prevents it, or false if it may happen")
    }
}
