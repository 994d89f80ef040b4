import Encoding
import NIOCore
import NIOHTTP1

/// The control API: for verifiers, and not part of the simulated API.
extension SandboxAPI {
    /// All exports, or one export, as NDJSON.
    func truth(_ text: Substring?) -> APIAnswer {
        var ids: [ExportID]?
        if let text {
            guard let id = ExportID(text), registry.snapshot(of: id) != nil else { return unknownExport }
            ids = [id]
        }
        let rows = TruthRows(ids: ids, registry: registry, facts: facts)
        var head = APIResponse(status: .ok)
        head.headers = [("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")]
        return .stream(head, BodyStream(rows, makesFacts: true))
    }

    func statistics() -> APIAnswer {
        let (statistics, byStatus) = registry.statistics()
        let response = APIResponse.json(.ok) { json in
            json.object("requests") { requests in
                for kind in RequestKind.allCases { requests.field(kind.rawValue, statistics.requests[kind.index]) }
            }
            json.object("exports") { exports in
                exports.field("created", statistics.created)
                exports.field("replayed", statistics.replayed)
                exports.field("started", statistics.started)
                exports.field("startedAgain", statistics.startedAgain)
                exports.field("conflicts", statistics.conflicts)
                exports.field("cancelled", statistics.cancelled)
                exports.field("refused", statistics.refused)
                exports.field("dropped", statistics.dropped)
            }
            json.object("byStatus") { statuses in
                for status in ExportStatus.allCases { statuses.field(status.rawValue, byStatus[status, default: 0]) }
            }
            json.object("faults") { faults in
                for fault in Fault.allCases { faults.field(fault.rawValue, statistics.faults[fault, default: 0]) }
            }
            json.object("signIns") { signIns in
                let counts = tokens.counts
                signIns.field("refreshed", counts.refreshed)
                signIns.field("sessions", counts.sessions)
                signIns.field("refusedRefreshTokens", counts.refusedRefreshTokens)
                signIns.field("deadTokens", counts.deadTokens)
            }
            json.field("hanging", statistics.hanging)
            json.field("unauthorised", statistics.unauthorised)
            json.field("credentialsOnDownloads", statistics.credentialsOnDownloads)
            json.field("eventLogFailure", registry.log.failure?.description)
        }
        return .response(response)
    }
}

extension ExportRegistry {
    func snapshot(of id: ExportID) -> SimulatedExport? {
        state.withLock { $0.exports[id] }
    }

    /// All exports, in creation order.
    func ids() -> [ExportID] {
        let exports = state.withLock { state in state.exports.values.map { ($0.createdAt, $0.id.bits) } }
        return exports.sorted { $0 < $1 }.map { ExportID(bits: $0.1) }
    }
}
