import ProviderAPI
import Testing

@Suite("Concurrency")
struct ConcurrencyTests {
    @Test("many checks at once go through one client, each with its own export")
    func many() async throws {
        let (parameters, secrets) = (SimpleAPITests.parameters, SimpleAPITests.secrets)
        let provider = try await TestProvider(SimpleAPITests.yaml, parameters: parameters, secrets: secrets) { request in
            let id = request.target.split(separator: "/").last ?? ""
            return .json("{\"status\":\"IN_PROGRESS\",\"percent\":\(id)}")
        }
        await withTaskGroup(of: Void.self) { group in
            for id in 0..<100 {
                group.addTask {
                    let outcome = await provider.client.check(provider.job, exportHandle: "{\"id\":\(id)}")
                    #expect(outcome == .running(progress: Double(id) / 100, retryAfter: nil))
                }
            }
        }
        #expect(provider.server.requests.count == 100)
    }
}
