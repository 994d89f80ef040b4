import Foundation
import Logging

@testable import Sandbox

/// A sandbox on its own port, with a clock that the test moves.
struct RunningSandbox: Sendable {
    let clock: ManualSandboxClock
    let http: RawHTTP
    let server: SandboxServer

    struct Export: Decodable, Equatable {
        var id: String
        var status: String
        var percent: Int
    }

    struct Listing: Decodable {
        struct File: Decodable {
            var name: String
            var url: String
            var bytes: Int
            var sha256: String?
            var md5: String?

            /// Path and query of the link.
            var target: String { "/" + url.split(separator: "/", maxSplits: 2)[2] }
        }

        var files: [File]
        var nextPage: String?
    }

    struct Found: Decodable {
        var exports: [Export]
    }

    struct Refusal: Decodable {
        struct Cause: Decodable {
            var code: String
            var message: String
        }

        var error: Cause
    }

    struct Statistics: Decodable {
        var requests: [String: Int]
        var exports: [String: Int]
        var byStatus: [String: Int]
        var faults: [String: Int]
        var signIns: [String: Int]
        var hanging: Int
        var unauthorised: Int
        var credentialsOnDownloads: Int
    }

    struct Truth: Decodable {
        struct File: Decodable, Equatable {
            struct Entry: Decodable, Equatable {
                var name: String
                var bytes: Int
                var sha256: String
            }

            var name: String
            var compression: String
            var bytes: Int
            var sha256: String
            var entries: [Entry]
        }

        var id: String
        var idempotencyKey: String?
        var status: String
        var outcome: String
        var createdAt: Double
        var readyAt: Double
        var detectedAt: Double?
        var requests: [String: Int]
        var faults: [String]
        var files: [File]
    }

    /// Runs `body` with a sandbox and always stops it.
    static func with<Value>(
        _ options: KeyValuePairs<String, String> = [:], _ body: (RunningSandbox) async throws -> Value
    ) async throws -> Value {
        var configuration = SandboxConfiguration()
        for (name, value) in options { try configuration.set(name, to: value) }
        let clock = ManualSandboxClock()
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let server = SandboxServer(configuration, clock: clock, logger: logger)
        let sandbox = RunningSandbox(clock: clock, http: RawHTTP(port: try await server.start()), server: server)
        do {
            let value = try await body(sandbox)
            await server.stop()
            return value
        } catch {
            await server.stop()
            throw error
        }
    }

    func create(_ order: String = "{}", key: String? = nil) async throws -> Export {
        try await http.send("POST", "/v2/exports", headers: key.map { ["Idempotency-Key": $0] } ?? [:], body: order)
            .decode(Export.self)
    }

    func status(_ id: String) async throws -> Export {
        try await http.get("/v2/exports/\(id)").decode(Export.self)
    }

    func files(_ id: String) async throws -> [Listing.File] {
        try await http.get("/v2/exports/\(id)/files").decode(Listing.self).files
    }

    func statistics() async throws -> Statistics {
        try await http.get("/_sandbox/stats").decode(Statistics.self)
    }

    func truth(_ id: String? = nil) async throws -> [Truth] {
        let response = try await http.get("/_sandbox/truth" + (id.map { "/\($0)" } ?? ""))
        guard response.isWhole else { throw RawHTTP.Failure(what: "the truth was cut off") }
        return try response.body.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Truth.self, from: Data($0))
        }
    }

    /// An export that is ready, with its files.
    func readyExport(_ order: String = "{}", key: String? = nil) async throws -> (Export, [Listing.File]) {
        let export = try await create(order, key: key)
        clock.advance(by: .seconds(3600))
        return (export, try await files(export.id))
    }
}
