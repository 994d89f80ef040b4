import CRabbitMQ

extension Administrator {
    /// Declares a queue. An existing queue with the same arguments is left unchanged.
    /// - Throws: `preconditionFailed` with the argument that differs from the existing queue.
    public func declare(_ queue: QueueDeclaration) async throws(RabbitMQError) {
        try await request("declaring queue '\(queue.name)'") { connection in
            _ = amqp_queue_declare(
                connection.state, 1, connection.arena.bytes(queue.name), 0, queue.isDurable ? 1 : 0, queue.isExclusive ? 1 : 0,
                queue.isAutoDeleted ? 1 : 0, connection.arena.table(queue.allArguments))
        }
    }

    /// Declares an exchange. An existing exchange with the same arguments is left unchanged.
    public func declare(_ exchange: ExchangeDeclaration) async throws(RabbitMQError) {
        try await request("declaring exchange '\(exchange.name)'") { connection in
            _ = amqp_exchange_declare(
                connection.state, 1, connection.arena.bytes(exchange.name), connection.arena.bytes(exchange.type.rawValue), 0,
                exchange.isDurable ? 1 : 0, 0, 0, connection.arena.table(exchange.arguments))
        }
    }

    public func bind(
        queue: String, to exchange: String, routingKey: String, arguments: [String: AMQPValue] = [:]
    ) async throws(RabbitMQError) {
        try await request("binding queue '\(queue)' to exchange '\(exchange)'") { connection in
            let arena = connection.arena
            _ = amqp_queue_bind(
                connection.state, 1, arena.bytes(queue), arena.bytes(exchange), arena.bytes(routingKey), arena.table(arguments))
        }
    }

    public func unbind(
        queue: String, from exchange: String, routingKey: String, arguments: [String: AMQPValue] = [:]
    ) async throws(RabbitMQError) {
        try await request("unbinding queue '\(queue)' from exchange '\(exchange)'") { connection in
            let arena = connection.arena
            _ = amqp_queue_unbind(
                connection.state, 1, arena.bytes(queue), arena.bytes(exchange), arena.bytes(routingKey), arena.table(arguments))
        }
    }

    /// - Throws: `notFound` if the queue does not exist.
    public func depth(_ queue: String) async throws(RabbitMQError) -> QueueDepth {
        try await request("counting the messages of queue '\(queue)'") { connection in
            let reply = amqp_queue_declare(connection.state, 1, connection.arena.bytes(queue), 1, 0, 0, 0, amqp_empty_table)
            return QueueDepth(messages: Int(reply?.pointee.message_count ?? 0), consumers: Int(reply?.pointee.consumer_count ?? 0))
        }
    }

    /// Removes the ready messages of a queue. Returns how many it removed.
    @discardableResult
    public func purge(_ queue: String) async throws(RabbitMQError) -> Int {
        try await request("purging queue '\(queue)'") { connection in
            let reply = amqp_queue_purge(connection.state, 1, connection.arena.bytes(queue))
            return Int(reply?.pointee.message_count ?? 0)
        }
    }

    /// Deletes a queue and its messages. Deleting a queue that does not exist succeeds.
    public func delete(queue: String) async throws(RabbitMQError) {
        try await request("deleting queue '\(queue)'") { connection in
            _ = amqp_queue_delete(connection.state, 1, connection.arena.bytes(queue), 0, 0)
        }
    }

    public func delete(exchange: String) async throws(RabbitMQError) {
        try await request("deleting exchange '\(exchange)'") { connection in
            _ = amqp_exchange_delete(connection.state, 1, connection.arena.bytes(exchange), 0)
        }
    }

    /// One synchronous method of AMQP.
    /// - Parameter attempted: names the call in errors.
    private func request<Value: Sendable>(
        _ attempted: String, _ send: @escaping @Sendable (AMQPConnection) -> Value
    ) async throws(RabbitMQError) -> Value {
        try await call(attempted) { connection throws(RabbitMQError) in
            defer { connection.arena.recycle() }
            let reply = send(connection)
            try connection.checkLast(attempted)
            return reply
        }
    }

    /// The broker's server properties: `product`, `version`, `cluster_name`, `capabilities` and more.
    public func serverProperties() async throws(RabbitMQError) -> [String: AMQPValue] {
        try await call("asking RabbitMQ for its version") { connection throws(RabbitMQError) in connection.serverProperties }
    }

    /// The broker's version, such as `3.10.8`.
    public func serverVersion() async throws(RabbitMQError) -> String {
        try await serverProperties()["version"]?.text ?? "unknown"
    }
}
