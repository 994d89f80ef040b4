import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("The callback URL of a job") struct CallbackAddressTests {
    private let job: JobID, other: JobID

    init() throws { (job, other) = (try #require(JobID("orders-7")), try #require(JobID("orders-8"))) }

    private func address(_ secret: String = "0123456789abcdef01234567") throws -> CallbackAddress {
        try #require(CallbackAddress(base: "https://hooks.example.com/longhaul/", secret: secret))
    }

    @Test("holds for its job and its secret only") func signature() throws {
        let url = try address().url(of: job)
        #expect(url.hasPrefix("https://hooks.example.com/longhaul/v1/callbacks/orders-7/"))
        let signature = String(url.split(separator: "/").last ?? "")
        #expect(signature.count == 22)
        #expect(try address().isValid(signature, of: job))
        #expect(try !address().isValid(signature, of: other))
        #expect(try !address("another secret of that length").isValid(signature, of: job))
        for forged in [
            "", "x", signature.dropLast() + "", signature + "A", String(repeating: "A", count: 22), signature.lowercased() + "é",
        ] {
            #expect(try !address().isValid(String(forged), of: job), "\(forged)")
        }
    }

    @Test("needs a URL and a secret of some length") func unusable() {
        let secret = "0123456789abcdef01234567"
        #expect(CallbackAddress(base: "https://hooks.example.com", secret: "short") == nil)
        for base in ["", "hooks.example.com", "ftp://hooks.example.com", "https://hooks.example.com/?a=b"] {
            #expect(CallbackAddress(base: base, secret: secret) == nil, "\(base)")
        }
    }

    private static let yaml = """
        provider: acme
        baseURL: BASE
        create: { request: POST /exports, json: { notify: "{{ .callback.url }}" }, export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
        files: { items: .response.body.files }
        """

    @Test("is given to the API by the request that creates the export") func given() async throws {
        let address = try address(), expected = address.url(of: try #require(JobID("job-1")))
        let test = try await TestProvider(Self.yaml, callbacks: address) { request in
            #expect(request.body.replacing("\\/", with: "/").contains(expected))
            return .json(#"{"id":"e1"}"#)
        }
        #expect(test.client.definition.givesCallback)
        #expect(await test.client.create(test.job) == .created(exportHandle: #"{"id":"e1"}"#))
    }

    @Test("is missed like a secret where the settings are not there: nothing is sent, and the job waits") func missing() async throws {
        let test = try await TestProvider(Self.yaml) { _ in
            Issue.record("a request was sent")
            return .json("{}")
        }
        guard case .failed(let failure) = await test.client.create(test.job) else { return #expect(Bool(false), "it must fail") }
        #expect(failure.code == "missing-secret" && failure.failureClass == .unauthorised)
        #expect(failure.message.contains("LONGHAUL_CALLBACK_URL"))
    }

    @Test("is not there for requests that are sent often") func elsewhere() async {
        let yaml = Self.yaml.replacing("GET /exports/{{ .export.id }}", with: "GET /exports/{{ .callback.url }}")
        let problems = await TestProvider.problems(yaml.replacing("BASE", with: "https://api.example.com"))
        #expect(problems.contains { $0.field == "status.request" && $0.message.contains(".callback is not available here") }, "\(problems)")
    }
}
