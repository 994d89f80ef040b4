import ExportCore
import JobStore
import Testing

@testable import longhaul

@Suite("What doctor says of a provider's health") struct HealthExaminationTests {
    private static func verdict(_ change: (inout ProviderHealth) -> Void) -> Finding.Verdict? {
        var health = ProviderHealth()
        change(&health)
        return HealthExamination.findings(ProviderCondition(StoredHealth(health: health, version: 1, now: 1000))).first?.verdict
    }

    @Test("is bad while it is held, because that ends only when somebody acts") func held() {
        #expect(Self.verdict { $0.breaker.hold(code: "http-401", message: "answered 401", policy: BreakerPolicy(), now: 900) } == .bad)
    }

    @Test("is a doubt while it pauses, which ends by itself") func paused() {
        #expect(Self.verdict { $0.pause(.download(host: "files.example"), for: .seconds(90), now: 900) } == .doubtful)
    }

    @Test("is good while nothing keeps its requests back") func works() { #expect(Self.verdict { _ in } == .good) }
}
