import CRabbitMQ
import EventThread

/// A message that is being sent: method and header first, then the body fragment by fragment.
struct Sending {
    let item: PublishBatch.Item
    var bodySent: Int
}

extension Publisher {
    func flush() {
        guard isChannelOpen, !session.isBlocked, let connection = session.connection, canSend else { return }
        writing(connection) { () throws(RabbitMQError) in
            if let current = sending { try sendPiece(of: current, connection) } else { try sendNext(connection) }
            return canSend
        }
        tally.publish(to: metrics)
    }

    private var canSend: Bool {
        if sending != nil { return true }
        while let next = backlog.first, next.batch.isFinished { popBacklog() }
        guard !backlog.isEmpty, !session.isBlocked else { return false }
        let configuration = session.configuration
        // The span can exceed the count when one confirm is late; four windows bound it.
        return window.count < configuration.publishWindow && window.span < 4 * configuration.publishWindow
            && (window.weight < configuration.publishWindowBytes || window.isEmpty)
    }

    private func popBacklog() {
        guard let item = backlog.popFirst() else { return }
        backlogWeight -= item.weight
    }

    private func sendNext(_ connection: AMQPConnection) throws(RabbitMQError) {
        guard let item = backlog.first else { return }
        popBacklog()
        let message = item.message
        guard message.fits(frameMax: connection.frameMax) else {
            let cause = "the headers do not fit into the broker's frames of \(connection.frameMax) bytes"
            return finish(item.batch, .failure(session.error(.invalidMessage, "publishing a message", cause)))
        }
        window.append(item, weight: message.weight)
        tally.published += 1

        let arena = connection.arena
        defer { arena.recycle() }
        var method = amqp_basic_publish_t()
        method.exchange = arena.bytes(message.exchange)
        method.routing_key = arena.bytes(message.routingKey)
        method.mandatory = message.isMandatory ? 1 : 0
        try connection.send(shim_basic_publish, on: channel, method)
        let properties = message.properties.encoded(in: arena, publishedAt: MessageWait.now)
        let headerSize = message.properties.headers.isEmpty ? 128 : OutgoingMessage.maxHeaderBytes / 4
        try connection.sendHeader(properties, bodySize: message.body.count, on: channel, size: headerSize)
        sending = Sending(item: item, bodySent: 0)
        try sendPiece(of: Sending(item: item, bodySent: 0), connection, ifSmall: true)
    }

    /// - Parameter ifSmall: sends nothing unless the fragment fits into what the socket always accepts.
    private func sendPiece(of current: Sending, _ connection: AMQPConnection, ifSmall: Bool = false) throws(RabbitMQError) {
        let body = current.item.message.body
        let rest = body.count - current.bodySent
        if ifSmall, rest > connection.sendBudget { return }
        let size = min(rest, connection.largestPiece)
        if size > 0 {
            // `withUnsafeBytes` does not support typed throws.
            let result = body.withUnsafeBytes { bytes -> Result<Void, RabbitMQError> in
                let piece = UnsafeRawBufferPointer(rebasing: bytes[current.bodySent..<current.bodySent + size])
                return Result { () throws(RabbitMQError) in try connection.sendBody(piece, on: channel) }
            }
            try result.get()
        }
        sending = rest == size ? nil : Sending(item: current.item, bodySent: current.bodySent + size)
    }
}
