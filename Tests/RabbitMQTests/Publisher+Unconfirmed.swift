@testable import RabbitMQ

extension Publisher {
    /// How many messages are sent and neither confirmed nor given up.
    var unconfirmed: Int { window.count }
}
