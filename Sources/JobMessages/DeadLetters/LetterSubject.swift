import ExportCore
import Foundation
import RabbitMQ

/// The job and provider that a message is about, as far as its body and its message id say.
struct LetterSubject {
    var provider: String?
    var job: JobID?

    init(of delivery: Delivery) {
        // A body that is not JSON names nothing. A body that is too large is not parsed.
        let members =
            delivery.body.count <= JobMessage.largestBody && !delivery.isTruncated
            ? (try? JSONSerialization.jsonObject(with: Data(delivery.body))) as? [String: Any] : nil
        provider = (members?["provider"] as? String).map { PrintableText.line($0, atMost: 128) }
        job = (members?["exportJobId"] as? String).flatMap(JobID.init) ?? delivery.properties.messageID.flatMap(JobID.init)
    }
}
