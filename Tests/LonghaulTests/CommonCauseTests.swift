import ExportCore
import JobStore
import Testing

@testable import longhaul

@Suite("Providers that cannot be reached") struct CommonCauseTests {
    private static let now: Int64 = 10_000_000

    private static func condition(_ change: (inout ProviderHealth) -> Void) -> ProviderCondition {
        var health = ProviderHealth()
        change(&health)
        return ProviderCondition(StoredHealth(health: health, version: 1, now: now))
    }

    private static func failing(_ code: String, _ work: FailureLog.Work = .requests, ago: Int64 = 5_000) -> ProviderCondition {
        condition { $0.failed(work, code, "GET https://x: \(code)", now: now - ago) }
    }

    @Test("at the same time have their cause here, which doctor says first") func most() throws {
        let held = Self.condition { $0.breaker.hold(code: "dns", message: "unknown host", policy: BreakerPolicy(), now: Self.now) }
        let conditions = [
            "a": Self.failing("connect"), "b": Self.failing("timeout-connect", .files), "c": held, "d": Self.condition { _ in },
        ]
        let finding = try #require(CommonCause(conditions, busy: ["a", "b", "c", "d"])).finding
        #expect(finding.verdict == .bad && finding.subject == "network")
        #expect(
            finding.detail == """
                3 of 4 providers cannot be reached (connect: a; dns: c; timeout-connect: b): look first at the network, DNS and proxy of the \
                machines that run Longhaul, and at LONGHAUL_EGRESS; for example: GET https://x: connect
                """)
        #expect(CommonCause(conditions, busy: ["a", "b", "c", "d", "e", "f"]) == nil, "half of those that are asked can be reached")
        #expect(CommonCause(conditions, busy: []) != nil, "who is not asked does not count")
    }

    @Test("alone, by other failures, long ago or in between have not") func others() {
        #expect(CommonCause(["a": Self.failing("connect"), "b": Self.condition { _ in }], busy: ["a"]) == nil)
        #expect(CommonCause(["a": Self.failing("http-500"), "b": Self.failing("http-503")], busy: []) == nil)
        #expect(CommonCause(["a": Self.failing("connect", ago: 1_000_000), "b": Self.failing("connect", ago: 1_000_000)], busy: []) == nil)
        let answered = Self.condition {
            $0.failed(.requests, "connect", "refused", now: Self.now - 5_000)
            $0.worked(.requests, now: Self.now - 1_000)
        }
        #expect(CommonCause(["a": answered, "b": answered], busy: []) == nil)
    }
}
