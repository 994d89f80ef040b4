import CRabbitMQ
import EventThread

extension ConnectionOwner {
    /// Has `flush` called once at the end of this turn, when everything that the turn wants to send is known.
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

    /// Calls `step`, which sends about one frame and tells whether there is more, for as long as the socket takes it. When it
    /// takes no more, `flush` is called again as soon as it does.
    func writing(_ connection: Connection, _ step: () throws(RabbitMQError) -> Bool) {
        let failure = connection.gathering { () -> RabbitMQError? in
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
        connection.lastSent = .now
        if let failure { lose(failure) }
    }

    private func awaitWritability(_ connection: Connection) {
        guard !session.awaitsWritability else { return }
        session.awaitsWritability = true
        thread.update(connection.descriptor, for: [.read, .write])
    }

    /// Opens or closes a channel and the like: a few small frames outside the flow of messages, for which a broker that reads
    /// anything at all has room.
    func control(_ connection: Connection, _ send: () throws(RabbitMQError) -> Void) {
        guard connection.isWritable else { return lose(.lost("the broker reads nothing", endpoint: connection.endpoint)) }
        do throws(RabbitMQError) {
            try send()
            connection.lastSent = .now
        } catch {
            lose(error)
        }
    }
}
