import CRabbitMQ
import Glibc

extension AMQPConnection {
    enum Drained {
        /// All frames that have arrived were handled.
        case everything
        /// The limit was reached or the handler stopped; more frames may be buffered that epoll does not report.
        case part
        case failed(RabbitMQError)
    }

    /// Passes the frames that have arrived to `handle`, without waiting for more, until it returns false. A frame's memory is valid
    /// only during the call.
    func drain(limit: Int, _ handle: (amqp_frame_t) -> Bool) -> Drained {
        var frame = amqp_frame_t()
        var now = timeval()
        for _ in 0..<limit {
            let status = amqp_simple_wait_frame_noblock(state, &frame, &now)
            if status == AMQP_STATUS_TIMEOUT.rawValue { return .everything }
            guard status == AMQP_STATUS_OK.rawValue else { return .failed(lost(status)) }
            let shouldContinue = handle(frame)
            amqp_maybe_release_buffers_on_channel(state, frame.channel)
            guard shouldContinue else { return .part }
        }
        return .part
    }

    /// Whether bytes wait in the socket, which shows that the peer is alive.
    var isReadable: Bool {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) > 0
    }
}

extension amqp_frame_t {
    var isMethod: Bool { Int32(frame_type) == AMQP_FRAME_METHOD }
    var method: amqp_method_number_t { payload.method.id }

    /// The fields of a method frame; the method's number determines the type.
    func fields<Fields>(_ type: Fields.Type) -> Fields? {
        payload.method.decoded?.assumingMemoryBound(to: type).pointee
    }
}
