import ExportCore
import Foundation
import JobMessages
import RabbitMQ
import TraceContext

/// Publishes job messages in batches and waits for the confirms of each batch.
struct Submission {
    private let publisher: Publisher
    private var progress: ProgressBar?
    private var batch: [OutgoingMessage] = []
    private var batchIDs: [JobID] = []
    private var spans: [TraceSpan] = []
    /// The jobs that the broker has confirmed, and those that were known before.
    private(set) var ids: [JobID] = []
    /// What each job asks for, if it is kept to be compared with the job that the store has.
    private(set) var requests: [JobID: RequestFingerprint] = [:]
    private let known: Set<JobID>
    private let keepsRequests: Bool

    private static let batchSize = 500

    init(publisher: Publisher, checked: SubmissionCheck.Passed, showsProgress: Bool, keepsRequests: Bool) {
        self.publisher = publisher
        self.keepsRequests = keepsRequests
        known = Set(checked.known.keys)
        progress = showsProgress ? ProgressBar("submitted", total: checked.count) : nil
    }

    mutating func publish(_ source: JobSource) async throws {
        // A closure cannot change self, so the messages are handed over in batches.
        var submission = self
        do {
            try await source.forEach { line in
                do {
                    try await submission.add(try line.request())
                } catch let error as JobMessageError {
                    throw Problem.usage(line.place.isEmpty ? error.message : "\(line.place): \(error.message)")
                }
            }
            try await submission.flush()
        } catch {
            self = submission
            progress?.finish(ids.count)
            if let problem = error as? Problem, !ids.isEmpty {
                throw Problem(message: "\(problem.message); the \(ids.count) jobs before it were submitted", code: problem.code)
            }
            throw error
        }
        self = submission
        progress?.finish(ids.count)
    }

    private mutating func add(_ request: JobRequest) async throws {
        let id = request.id
        guard !known.contains(id) else { return ids.append(id) }
        if keepsRequests { requests[id] = RequestFingerprint(request) }
        var properties = MessageProperties()
        properties.messageID = id.text
        properties.correlationID = request.correlationID
        properties.contentType = "application/json"
        properties.appID = "longhaul submit"
        properties.isPersistent = true
        if let span = SubmissionSpan.begin(request) {
            properties.headers["traceparent"] = .string(span.context.traceparent)
            spans.append(span)
        }
        do {
            batch.append(
                OutgoingMessage(
                    routingKey: QueueNames.jobs(request.priority), body: try JobMessage.encode(request), properties: properties,
                    isMandatory: true))
        } catch {
            throw Problem.usage("\(id): \(error.message)")
        }
        batchIDs.append(id)
        if batch.count == Self.batchSize { try await flush() }
    }

    private mutating func flush() async throws {
        guard !batch.isEmpty else { return }
        defer {
            for span in spans { span.end() }
            spans.removeAll()
        }
        let outcomes: [PublishOutcome]
        do {
            outcomes = try await publisher.publish(all: batch)
        } catch {
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        }
        for (id, outcome) in zip(batchIDs, outcomes) {
            switch outcome {
            case .confirmed: ids.append(id)
            case .returned: throw Problem.unavailable("the job queues do not exist; run `longhaul setup`")
            case .nacked: throw Problem.unavailable("the broker refused job \(id); check whether its queue is full (`longhaul doctor`)")
            }
        }
        batch.removeAll(keepingCapacity: true)
        batchIDs.removeAll(keepingCapacity: true)
        progress?.update(ids.count)
    }
}
