import ExportCore
import TestServers
import Testing

@testable import ProviderAPI

@Suite("The time of readiness") struct DetectionLagTests {
    private static func lag(_ readyAt: String, date: String = "Mon, 30 Nov 2026 12:00:30 GMT") async throws -> Duration? {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /x, export: { id: .response.body.id } }
            status: { request: GET /x, state: .response.body.s, states: { running: r, ready: d }, readyAt: .response.body.at }
            files: { items: .response.body.files }
            """
        let body = #"{"s":"d","at":\#(readyAt),"files":[{"url":"https://x/f"}]}"#
        let provider = try await TestProvider(yaml) { _ in .json(body, headers: ["Date": date]) }
        return await provider.client.answer(provider.job, exportHandle: "{}").lag
    }

    @Test(
        "is read in every usual form, and compared with the answer's own clock",
        arguments: [
            (#""2026-11-30T12:00:00Z""#, 30), (#""2026-11-30T13:00:10+01:00""#, 20), ("1796040000", 30), ("1796040000000", 30),
            (#""Mon, 30 Nov 2026 12:00:25 GMT""#, 5), (#""2026-11-30T12:01:00Z""#, 0),
        ] as [(String, Int)])
    func forms(readyAt: String, lag: Int) async throws { #expect(try await Self.lag(readyAt) == .seconds(lag)) }

    @Test("is left out if it is none", arguments: ["null", #""soon""#, "17", "-5", #"{}"#]) func none(readyAt: String) async throws {
        #expect(try await Self.lag(readyAt) == nil)
    }
}
