import ExportCore

/// The part of a request that a wake carries: the field `request` of a job's hash. It holds provider, tenant, correlation id (empty: the
/// job's id) and parameters, separated by tabs.
extension JobRequest {
    var packed: String { "\(provider)\t\(tenant)\t\(correlationID == id.text ? "" : correlationID)\t\(parameters)" }

    convenience init?(id: JobID, packed: String, priority: JobPriority, webhook: String?, traceparent: String?) {
        var fields = TabFields(packed)
        guard let provider = fields.text(), let tenant = fields.text(), let correlationID = fields.text(orFor: id.text) else { return nil }
        self.init(
            id: id, provider: provider, parameters: fields.rest(), priority: priority, tenant: tenant, correlationID: correlationID,
            webhook: webhook, traceparent: traceparent)
    }
}
