import Encoding
import JobMessages
import JobStore
import RabbitMQ

extension OutboxEvent {
    /// - Parameter source: its outbox, which makes the id unique.
    func message(from source: OutboxSource) -> OutgoingMessage {
        switch body {
        case .status(let job, let before, let after, let detail):
            return event(source, "job.\(after.rawValue.lowercased())", job).message(routingKey: topic) {
                job.write(to: &$0)
                $0.field("status", after.rawValue)
                if let before { $0.field("previousStatus", before.rawValue) }
                if after == .failed { Self.writeError(detail, to: &$0) } else if !detail.isEmpty { $0.field("detail", detail) }
            }
        case .file(let job, let index, let isStored, let detail):
            let outcome = isStored ? "stored" : "failed"
            return event(source, "file.\(outcome)", job).message(routingKey: topic) {
                job.write(to: &$0)
                $0.field("file", index)
                if !isStored { Self.writeError(detail, to: &$0) } else if !detail.isEmpty { $0.field("objects", json: detail) }
            }
        case .act(let job, let act, let actor, let detail):
            return event(source, "job.act.\(act)", job).message(routingKey: topic) {
                job.write(to: &$0)
                $0.field("act", act)
                $0.field("actor", actor)
                if !detail.isEmpty { $0.field("detail", detail) }
            }
        case .breaker(let provider, let state, let actor, let why):
            let event = CloudEvent(
                id: id(in: source), source: "/longhaul/providers", type: "longhaul.provider.breaker.\(state)", subject: provider, time: time
            )
            return event.message(routingKey: topic) {
                $0.field("provider", provider)
                $0.field("state", state)
                if !why.isEmpty { $0.field("reason", why) }
                $0.field("actor", actor)
            }
        }
    }

    private func event(_ source: OutboxSource, _ type: String, _ job: OutboxJob) -> CloudEvent {
        CloudEvent(
            id: id(in: source), source: "/longhaul/jobs", type: "longhaul.\(type)", subject: job.id, time: time, sequence: job.version,
            correlationID: job.correlationID, traceparent: job.traceparent)
    }

    private func id(in source: OutboxSource) -> String {
        switch source {
        case .partition(let number): "\(number)-\(id)"
        case .provider(let name): "\(name)-\(id)"
        }
    }

    /// Code, space, message.
    private static func writeError(_ text: String, to json: inout JSONWriter) {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        json.object("error") {
            $0.field("code", words.first ?? "")
            $0.field("message", words.count > 1 ? words[1] : "")
        }
    }
}

extension OutboxJob {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("jobId", id)
        json.field("provider", provider)
        json.field("tenant", tenant)
        json.field("correlationId", correlationID)
    }
}
