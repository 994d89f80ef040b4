import JobStore
import ProviderAPI

extension ProviderDefinition {
    /// What the store has to know about its endpoint.
    var webhookSubscription: WebhookSubscription {
        WebhookSubscription(provider: name, version: version, statuses: webhookStatuses)
    }
}
