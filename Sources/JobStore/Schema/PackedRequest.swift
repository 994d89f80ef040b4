import ExportCore

/// The part of a request that a wake carries: the field `request` of a job's hash. It holds provider, tenant, correlation id (empty: the
/// job's id) and parameters, separated by tabs.
extension JobRequest {
    var packed: String { "\(provider)\t\(tenant)\t\(correlationID == id.text ? "" : correlationID)\t\(parameters)" }

    init?(id: JobID, packed: String, priority: JobPriority, webhook: String?, traceparent: String?) {
        let parts = packed.split(separator: "\t", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4 else { return nil }
        self.init(
            id: id, provider: parts[0], parameters: parts[3], priority: priority, tenant: parts[1],
            correlationID: parts[2].isEmpty ? nil : parts[2], webhook: webhook, traceparent: traceparent)
    }
}
