import Encoding
import EventThread
import Foundation
import JobMessages
import Logging
import RabbitMQ

/// Publishes informational events to `longhaul.events` as CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec, structured content
/// mode), without a guarantee: an event that cannot be published is logged and dropped.
public struct EventPublisher: Sendable {
    private let publisher: Publisher
    private let source: String
    private let logger: Logger
    private let thread: EventThread

    /// - Parameter source: the publisher as a URI reference: `/longhaul/orchestrator/NAME`.
    public init(publisher: Publisher, source: String, logger: Logger, thread: EventThread) {
        self.publisher = publisher
        self.source = source
        self.logger = logger
        self.thread = thread
    }

    func publish(type: String, subject: String, routingKey: String, data: [String: String]) {
        Task(executorPreference: thread) {
            do {
                let event = CloudEvent(
                    id: UUID().uuidString.lowercased(), source: source, type: type, subject: subject,
                    time: UTCTime(seconds: Int64(Date.now.timeIntervalSince1970)).timestampInSeconds, data: data)
                var properties = MessageProperties()
                properties.contentType = "application/cloudevents+json"
                properties.messageID = event.id
                let message = OutgoingMessage(
                    exchange: QueueNames.events, routingKey: routingKey, body: Array(try JSONEncoder().encode(event)),
                    properties: properties, isMandatory: false)
                _ = try await publisher.publish(message)
            } catch {
                logger.notice("the event \(type) was not published: \(error)")
            }
        }
    }

    private struct CloudEvent: Encodable {
        let specversion = "1.0"
        let id: String
        let source: String
        let type: String
        let subject: String
        let time: String
        let datacontenttype = "application/json"
        let data: [String: String]

        enum CodingKeys: String, CodingKey { case specversion, id, source, type, subject, time, datacontenttype, data }
    }
}
