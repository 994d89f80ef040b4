import Instruments
import Telemetry

/// When credentials end, so that somebody replaces them before.
struct CredentialMetrics: Sendable, Instrumented {
    private static let end = GaugeInstrument(
        "longhaul_credential_expiry_timestamp_seconds", "provider", "what",
        help:
            "When a credential of a provider file ends, in seconds since 1970: its client certificate, and secrets that are JSON Web Tokens."
    )
    static var instruments: [Instrument] { [end.instrument] }

    let providers: ProviderDirectory

    func collect(in registry: PrometheusRegistry) {
        registry.collect("credentials") {
            var samples: [MetricSample] = []
            for name in providers.names {
                for (what, end) in await providers[name]?.client.credentialEnds() ?? [] {
                    samples.append(Self.end.sample(name, what, value: Double(end)))
                }
            }
            return samples
        }
    }
}
