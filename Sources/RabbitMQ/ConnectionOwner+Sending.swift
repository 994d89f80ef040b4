import CRabbitMQ
import EventThread

extension ConnectionOwner {
    /// Schedules one call of `flush` at the end of this turn, when everything that the turn sends is known.
    func flushLater() {
        guard !session.isFlushScheduled else { return }
        session.isFlushScheduled = true
        thread.atTurnEnd { [weak self] in
            self?.assumeIsolated {
                $0.session.isFlushScheduled = false
                $0.flush()
            }
        }
    }

    /// Calls `step`, which sends about one frame and returns whether there is more, for as long as the socket is writable.
    /// Afterwards `flush` runs again once the socket is writable.
    /// - Parameter isSingle: there is one frame; gathering it with others would only cost two system calls.
    func writing(_ connection: AMQPConnection, isSingle: Bool = false, _ step: () throws(RabbitMQError) -> Bool) {
        func send() -> RabbitMQError? {
            do throws(RabbitMQError) {
                while true {
                    guard connection.isWritable else {
                        awaitWritability(connection)
                        return nil
                    }
                    guard try step() else { return nil }
                }
            } catch { return error }
        }
        let failure = isSingle ? send() : connection.gathering(send)
        connection.lastSent = .now
        if let failure { lose(failure) }
    }

    private func awaitWritability(_ connection: AMQPConnection) {
        guard !session.awaitsWritability else { return }
        session.awaitsWritability = true
        thread.update(connection.descriptor, for: [.read, .write])
    }

    /// Sends a few small frames outside the message flow, such as opening or closing a channel. A broker that reads at all has room
    /// for them.
    func control(_ connection: AMQPConnection, _ send: () throws(RabbitMQError) -> Void) {
        guard connection.isWritable else { return lose(.lost("the broker does not read from the socket", endpoint: connection.endpoint)) }
        do throws(RabbitMQError) {
            try send()
            connection.lastSent = .now
        } catch {
            lose(error)
        }
    }
}
