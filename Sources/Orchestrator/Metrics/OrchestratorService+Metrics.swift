import Instruments
import Lifecycle
import Telemetry

extension OrchestratorService: Instrumented {
    public static var instruments: [Instrument] {
        ServiceInstruments.all + OrchestratorMetrics.instruments + StepMetrics.instruments + StoreMetrics.instruments
            + CredentialMetrics.instruments + EventMetrics.instruments + WebhookMetrics.instruments + HintMetrics.instruments
            + ProviderPace.instruments
    }

    /// Adds what is read from the store and the broker at each scrape.
    public func collectMetrics(in registry: PrometheusRegistry) {
        StoreMetrics(
            store: store, administrator: administrator, providers: { providers.names },
            sources: { Self.outboxes(store, providers, (place: 0, members: 1)) },
            place: { await scheduler.place }
        ).collect(in: registry)
        CredentialMetrics(providers: providers).collect(in: registry)
    }
}
