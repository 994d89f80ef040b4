import Testing

@testable import ExportCore

@Suite("The rules of webhook messages") struct WebhookRulesTests {
    private let rules = WebhookRules()

    @Test("any 2xx is a success", arguments: [200, 201, 204, 299]) func success(status: Int) {
        #expect(rules.verdict(on: .answered(status: status, retryAfter: nil), attempts: 1, random: 0) == .delivered)
    }

    @Test("everything else is tried again, redirects too", arguments: [199, 300, 301, 302, 307, 400, 404, 429, 500, 502])
    func failure(status: Int) {
        #expect(rules.verdict(on: .answered(status: status, retryAfter: nil), attempts: 1, random: 0.5) == .again(after: .seconds(5)))
        #expect(rules.verdict(on: .failed(isFinal: false), attempts: 1, random: 0.5) == .again(after: .seconds(5)))
    }

    @Test("410 ends it at once and disables the endpoint") func gone() {
        #expect(rules.verdict(on: .answered(status: 410, retryAfter: nil), attempts: 1, random: 0) == .dead(disables: true))
    }

    @Test("what can never succeed ends it at once") func final() {
        #expect(rules.verdict(on: .failed(isFinal: true), attempts: 1, random: 0) == .dead(disables: false))
    }

    @Test("ten attempts span 75 hours, 35 minutes and 5 seconds; then the message is given up") func schedule() {
        var total = Duration.zero
        for attempt in 1...9 {
            guard case .again(let delay) = rules.verdict(on: .failed(isFinal: false), attempts: attempt, random: 0.5) else {
                Issue.record("attempt \(attempt) is the last")
                return
            }
            total += delay
        }
        #expect(abs(total / .seconds(1) - Double(75 * 3600 + 35 * 60 + 5)) < 0.001)
        #expect(rules.schedule.attempts == 10)
        #expect(rules.verdict(on: .failed(isFinal: false), attempts: 10, random: 0.5) == .dead(disables: false))
        #expect(rules.verdict(on: .answered(status: 503, retryAfter: .seconds(1)), attempts: 10, random: 0.5) == .dead(disables: false))
    }

    @Test("delays differ by a tenth, so that messages that failed together do not come together again") func jitter() {
        let delays = [0, 0.5, 0.999].compactMap { rules.schedule.delay(after: 2, random: $0) }.map { $0 / .seconds(1) }
        #expect(zip(delays, [270, 300, 329.94]).allSatisfy { abs($0 - $1) < 0.01 }, "\(delays)")
    }

    @Test("a Retry-After of 429 and 503 is not undercut, up to a day; of other answers it says nothing") func retryAfter() {
        func delay(_ status: Int, _ asked: Duration) -> WebhookVerdict {
            rules.verdict(on: .answered(status: status, retryAfter: asked), attempts: 1, random: 0.5)
        }
        #expect(delay(503, .seconds(60)) == .again(after: .seconds(60)))
        #expect(delay(429, .seconds(1)) == .again(after: .seconds(5)), "the schedule is the least")
        #expect(delay(429, .seconds(1_000_000)) == .again(after: .seconds(86_400)))
        #expect(delay(500, .seconds(60)) == .again(after: .seconds(5)))
    }

    @Test("a message that crashes its senders is given up") func claims() {
        #expect(!rules.isExhausted(claims: 20) && rules.isExhausted(claims: 21))
    }
}

@Suite("A webhook message") struct WebhookMessageTests {
    static func message(_ status: JobStatus = .completed, error: JobError? = nil, url: String? = nil) throws -> WebhookMessage {
        WebhookMessage(
            id: "msg_1", job: try #require(JobID("orders-1")), version: 9, provider: "acme", tenant: "t", correlationID: "c",
            status: status,
            createdAt: 1_764_500_000_000, endedAt: 1_764_500_600_000, files: 3, filesFailed: 1, error: error,
            endpoint: url.map { .job(url: $0) } ?? .provider)
    }

    @Test("says what has ended, and where the manifest is") func completed() throws {
        #expect(
            String(decoding: try Self.message().payload, as: UTF8.self)
                == #"{"type":"longhaul.job.completed","timestamp":"2025-11-30T11:03:20.000Z","data":{"jobId":"orders-1","provider":"acme","tenant":"t","#
                + #""correlationId":"c","status":"COMPLETED","createdAt":"2025-11-30T10:53:20.000Z","files":3,"filesFailed":1,"#
                + #""manifest":"acme/2025-11-30/orders-1/manifest.json"}}"#)
    }

    @Test("says why a job failed") func failed() throws {
        let text = String(decoding: try Self.message(.failed, error: JobError(code: "http-403", message: "no")).payload, as: UTF8.self)
        #expect(
            text.hasPrefix(#"{"type":"longhaul.job.failed","#) && text.hasSuffix(#""error":{"code":"http-403","message":"no"}}}"#),
            "\(text)")
        #expect(!text.contains("manifest"))
    }

    @Test("has a timer that is neither a job's nor a file's") func names() throws {
        let (own, provider) = (try Self.message(url: "https://a.example").name, try Self.message().name)
        #expect((own, provider) == ("orders-1#u9-1764500600000", "orders-1#p9-1764500600000"))
        for name in [own, provider] { #expect(JobID(name) == nil && WebhookMessage.job(inName: name)?.text == "orders-1") }
        for name in ["orders-1", "orders-1#3", "#p9-1", ""] { #expect(WebhookMessage.job(inName: name) == nil, "\(name)") }
    }
}
