import ProviderAPI
import Testing

@Suite("Advice about a provider file")
struct PlanAdviceTests {
    private static let sound = """
        provider: p
        baseURL: https://api.example.com
        create: { request: POST /x, headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }, export: { id: .response.body.id } }
        status:
          request: GET /x/{{ .export.id }}
          state: .response.body.s
          states: { running: RUN, ready: DONE, failed: BAD }
        files: { items: .response.body.files }

        """

    @Test("is not given about a sound one") func none() async throws {
        let given = try await TestProvider.advice(Self.sound)
        #expect(given == [])
    }

    @Test(
        "is given about what is probably not meant",
        arguments: [
            (", failed: BAD", "", "status.states: no value means failed"),
            ("running: RUN, ", "", "status.states: no value means that the export still runs"),
            (
                "headers: { Idempotency-Key: \"{{ .job.idempotencyKey }}\" }, ", "",
                "create: a crash during a create may start a second export"
            ),
            ("files:", "polling: { maxWait: 5m, max: 10m }\nfiles:", "polling: a job may wait for its next check for longer than maxWait"),
            ("files:", "polling: { policy: fixed, interval: 1s }\nfiles:", "polling: 500 checks are used up after 500 s, before maxWait"),
            (
                "files:", "limits: { inFlight: 6000, checks: 5/s }\nfiles:",
                "limits: 6000 exports in flight need 10.0 checks a second, more than limits.checks allows"
            ),
        ])
    func given(part: String, other: String, expected: String) async throws {
        let yaml = Self.sound.replacing(part, with: other)
        #expect(yaml != Self.sound)
        let advice = try await TestProvider.advice(yaml).map { "\($0.field): \($0.message)" }
        #expect(advice.count == 1 && advice[0].hasPrefix(expected), "\(advice)")
    }

    @Test("leaves out states that the HTTP code tells") func httpCodes() async throws {
        let yaml = Self.sound.replacing("state: .response.body.s", with: "state: .response.status").replacing(
            "{ running: RUN, ready: DONE, failed: BAD }", with: "{ ready: 200 }")
        let given = try await TestProvider.advice(yaml)
        #expect(given == [])
    }
}
