import ExportCore
import Foundation
import RabbitMQ

/// Which job and provider a message is about, as far as its body and its name tell.
struct LetterSubject {
    var provider: String?
    var job: JobID?

    init(of delivery: Delivery) {
        // A body that is no JSON names nothing; a large one is not worth the reading.
        let members =
            delivery.body.count <= JobMessage.largestBody && !delivery.isTruncated
            ? (try? JSONSerialization.jsonObject(with: Data(delivery.body))) as? [String: Any] : nil
        provider = (members?["provider"] as? String).map { PrintableText.line($0, atMost: 128) }
        job = (members?["exportJobId"] as? String).flatMap(JobID.init) ?? delivery.properties.messageID.flatMap(JobID.init)
    }
}
