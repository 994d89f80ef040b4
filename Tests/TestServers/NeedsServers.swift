import Foundation
import Testing

extension Trait where Self == ConditionTrait {
    /// Skips a suite or test that uses Redis, RabbitMQ or S3 while `LONGHAUL_FAST` is 1. `ops/test --fast` sets it and starts no servers.
    /// Without the trait, such a test fails in that run.
    public static var needsServers: Self {
        .enabled(if: TestServer.areAvailable, "needs servers; LONGHAUL_FAST is 1")
    }
}

extension TestServer {
    /// Whether this test run has servers and may start some: `LONGHAUL_FAST` is not 1.
    public static let areAvailable = ProcessInfo.processInfo.environment["LONGHAUL_FAST"] != "1"

    static func requireAvailable() throws {
        guard areAvailable else {
            throw TestServersError("the test uses a server, but LONGHAUL_FAST is 1; add the trait .needsServers to its suite")
        }
    }
}
