import TestServers
import Testing

@testable import longhaul

@Suite("A retry in bulk", .needsServers) struct BulkRetryTests {
    @Test("checks each failed job once, also in several passes and beside jobs that it leaves alone") func progress() async throws {
        try await LetterFixture.run { fixture in
            for number in 0..<12 { try await fixture.admit("job-\(number)", failed: true) }
            let ended = try await fixture.installation.longhaul("retry", "--error-code", "http-403", "--rate", "1000")
            #expect(ended.errors.contains("12/12"), "\(ended.errors)")
            for number in 0..<6 { try await fixture.admit("other-\(number)", failed: true) }
            let none = try await fixture.installation.longhaul("retry", "--error-code", "http-500")
            #expect(none.errors.contains("6/6") && none.errors.contains("0 retried"), "\(none.errors)")
            for number in 0..<4 { try await fixture.admit("more-\(number)", failed: true) }
            let all = try await fixture.installation.longhaul("retry", "--provider", "acme", "--rate", "1000")
            #expect(all.errors.contains("10/10") && all.errors.contains("10 retried"), "\(all.errors)")
        }
    }
}
