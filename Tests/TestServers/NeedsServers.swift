import Foundation
import Testing

extension Trait where Self == ConditionTrait {
    /// Skips a suite or test that uses Redis, RabbitMQ or S3 while `LONGHAUL_FAST` is 1, as `ops/test --fast` sets it. That run starts no
    /// servers: a test that needs one and lacks this trait fails there.
    public static var needsServers: Self {
        .enabled(if: TestServer.areAvailable, "needs servers; LONGHAUL_FAST is 1")
    }
}

extension TestServer {
    /// Whether this test run has servers and may start some: `LONGHAUL_FAST` is not 1.
    public static let areAvailable = ProcessInfo.processInfo.environment["LONGHAUL_FAST"] != "1"
}
