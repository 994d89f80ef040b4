import Foundation

/// A receiver of webhooks that verifies each message with `standardwebhooks` of PyPI: `ops/servers.d/webhook_receiver.py`.
public struct WebhookReceiver: Sendable {
    /// A message as it arrived.
    public struct Message: Decodable, Sendable {
        public var path: String
        /// At this message, from 1.
        public var attempt: Int
        /// Seconds since 1970.
        public var at: Double
        /// Names in lower case.
        public var headers: [String: String]
        public var body: String
        /// The places of the secrets by which it is verified.
        public var verifiedBy: [Int]

        public var id: String { headers["webhook-id"] ?? "" }

        public func json() throws -> [String: Any] {
            guard let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] else {
                throw TestServersError("the body of a webhook is no object: \(body)")
            }
            return object
        }
    }

    public let port: Int
    private let process: ChildProcess

    /// - Parameters:
    ///   - tls: the paths of a certificate and its key.
    ///   - hold: while this file does not exist, `/held` does not answer.
    public static func start(secrets: [String], tls: (certificate: String, key: String)? = nil, hold: String? = nil) async throws
        -> WebhookReceiver
    {
        let ops = OpsCommand.folder
        let python = ops.deletingLastPathComponent().appending(path: ".build-venv/bin/python3").path
        var arguments = [ops.appending(path: "servers.d/webhook_receiver.py").path]
        if let hold { arguments += ["--hold", hold] }
        if let tls { arguments += ["--tls", tls.certificate, tls.key] }
        let process = try ChildProcess.start(python, arguments + ["--"] + secrets)
        let port = try await eventually(within: .seconds(30), "the receiver of webhooks listens") { () -> Int? in
            guard process.isRunning else { throw TestServersError("the receiver has ended: \(try process.errors)") }
            return try process.output.firstMatch(of: #/^\{"port": ([0-9]+)\}\n/#).flatMap { Int($0.1) }
        }
        return WebhookReceiver(port: port, process: process)
    }

    public var messages: [Message] {
        get throws {
            try process.output.split(separator: "\n").dropFirst().map { try JSONDecoder().decode(Message.self, from: Data($0.utf8)) }
        }
    }

    /// Waits for the first `count` messages.
    public func receive(_ count: Int, within deadline: Duration = .seconds(60)) async throws -> [Message] {
        try await eventually(within: deadline, "\(count) webhook messages") {
            let messages = try messages
            return messages.count >= count ? messages : nil
        }
    }

    public func stop() async throws {
        process.send(SIGKILL)
        _ = try await process.end(within: .seconds(30))
    }
}
