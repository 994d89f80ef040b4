import ExportCore
import Foundation
import ProviderAPI
import Synchronization
import Testing

@Suite("Waits that answers ask for")
struct WaitTests {
    static let yaml = """
        provider: p
        baseURL: BASE
        create: { request: POST /x, export: { id: .response.body.id } }
        status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { running: RUN, ready: DONE } }
        files: { request: GET /f, items: .response.body.files }
        """

    func check(_ status: Int, _ headers: [String: String], more: String = "", body: String = "{}") async throws -> CheckOutcome {
        let provider = try await TestProvider(Self.yaml + "\n" + more) { _ in .json(body, status: status, headers: headers) }
        return await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#)
    }

    func wait(_ outcome: CheckOutcome) -> Duration? {
        switch outcome {
        case .failure(let failure): failure.retryAfter
        case .running(_, let wait), .queued(let wait): wait
        default: nil
        }
    }

    @Test("no wait is longer than limits.longestPause, an hour if it is not set")
    func capped() async throws {
        #expect(wait(try await check(429, ["Retry-After": "99999999999999999999"])) == .seconds(3600))
        #expect(wait(try await check(429, ["Retry-After": "3600"], more: "limits: { longestPause: 30s }")) == .seconds(30))
        #expect(wait(try await check(429, ["X-RateLimit-Reset": "7200"])) == .seconds(3600))
        let rule = "wait: { header: X-Wait, as: seconds }\nlimits: { longestPause: 30s }"
        #expect(wait(try await check(429, ["X-Wait": "31"], more: rule)) == .seconds(30))
    }

    @Test(
        "a throttled answer without a Retry-After waits until the reset of its limit",
        arguments: [
            (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "NOW+60"], true), (["X-RateLimit-Reset": "NOW+60"], true),
            (["x-rate-limit-remaining": "0", "x-rate-limit-reset": "NOW+60"], true), (["RateLimit-Reset": "60"], true),
            (["X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "MS+60"], true), (["RateLimit": #""default";r=0;t=60"#], true),
            (["RateLimit": #""burst";r=7;t=1, "day";r=0;t=60"#], true), (["RateLimit": "limit=100, remaining=0, reset=60"], true),
            (["RateLimit": #""d";r=0"#, "RateLimit-Policy": #""d";q=10;w=60"#], true),
            (["X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "60"], false), (["X-RateLimit-Reset": "soon"], false), ([:], false),
        ])
    func reset(headers: [String: String], waits: Bool) async throws {
        let now = Int(Date().timeIntervalSince1970)
        let sent = headers.mapValues { $0.replacing("NOW+60", with: "\(now + 60)").replacing("MS+60", with: "\(now + 60)123") }
        let begun = ContinuousClock.now
        let outcome = try await check(429, sent)
        guard let found = wait(outcome) else { return #expect(!waits, "\(outcome)") }
        // The answer is as old as the request has taken.
        #expect(waits && found >= .seconds(58) - (.now - begun) && found <= .seconds(62), "\(found)")
    }

    @Test("a refusal with a reset is a limit only if nothing is left", arguments: [(403, "0", true), (403, "5", false), (400, "0", true)])
    func refusals(status: Int, remaining: String, isLimit: Bool) async throws {
        let outcome = try await check(status, ["X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": "9"])
        guard case .failure(let failure) = outcome else { throw Unexpected(outcome) }
        #expect((failure.failureClass == .throttled) == isLimit && (failure.retryAfter == .seconds(9)) == isLimit)
    }

    @Test(
        "wait names where else an answer tells the time",
        arguments: [
            ("{ header: X-Wait, as: seconds }", "7.2", 8), ("{ header: x-wait, as: milliseconds }", "7000", 7),
            ("{ header: X-Wait, as: epoch }", "NOW+7", 7), ("{ header: X-Wait, as: date }", "DATE+7", 7),
            ("'.response.headers[\"x-wait\"] | tonumber * 2'", "4", 8), (".response.body.wait", "", 5),
        ])
    func rules(rule: String, value: String, seconds: Int) async throws {
        let now = Date(), begun = ContinuousClock.now
        let value = value.replacing("NOW+7", with: "\(Int(now.timeIntervalSince1970) + 7)").replacing(
            "DATE+7", with: now.addingTimeInterval(7).formatted(.iso8601))
        for (status, body) in [(429, #"{"wait":5}"#), (200, #"{"s":"RUN","wait":5}"#)] {
            let found = wait(try await check(status, ["X-Wait": value], more: "wait: \(rule)", body: body))
            // The time in the answer is as old as the test.
            let least = Duration.seconds(seconds - 2) - (.now - begun)
            #expect(found.map { $0 >= least && $0 <= .seconds(seconds + 1) } == true, "\(String(describing: found))")
        }
    }

    @Test("the longer one of Retry-After and wait counts, and a wait that cannot be read is none")
    func longest() async throws {
        let rule = "wait: { header: X-Wait, as: seconds }"
        #expect(wait(try await check(429, ["X-Wait": "5", "Retry-After": "9"], more: rule)) == .seconds(9))
        #expect(wait(try await check(429, ["X-Wait": "9", "Retry-After": "5"], more: rule)) == .seconds(9))
        #expect(wait(try await check(429, ["X-Wait": "soon"], more: rule)) == nil)
    }

    @Test("a Retry-After that cannot be read counts as none, and is noted once")
    func noted() async throws {
        let notes = Mutex<[String]>([])
        let provider = try await TestProvider(Self.yaml, note: { note in notes.withLock { $0.append(note) } }) { _ in
            .json("{}", status: 429, headers: ["Retry-After": "soon"])
        }
        for _ in 0..<3 { #expect(wait(await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#)) == nil) }
        #expect(notes.withLock { $0 } == ["provider p: its Retry-After is neither seconds nor a date and is ignored: \"soon\""])
    }

    @Test(
        "a wait that cannot be read counts as none, and is noted once; null is none",
        arguments: [
            (".response.body.w", #"{"w":"soon"}"#, #"provider p: wait gives "soon", which is no number of seconds, and is ignored"#),
            (".response.body.w", #"{"w":[1]}"#, "provider p: wait gives [1], which is no number of seconds, and is ignored"),
            ("nan", "{}", "provider p: wait gives null, which is no number of seconds, and is ignored"),
            (
                "{ header: X-Wait, as: seconds }", "{}",
                "provider p: its header X-Wait is \"soon\", which is not of the form seconds, and is ignored"
            ),
            (".response.body.w", #"{"w":null}"#, nil), ("infinite", #"{}"#, ""),
        ])
    func unreadableRule(rule: String, body: String, expected: String?) async throws {
        let notes = Mutex<[String]>([])
        let provider = try await TestProvider(Self.yaml + "\nwait: \(rule)", note: { note in notes.withLock { $0.append(note) } }) { _ in
            .json(body, status: 429, headers: ["X-Wait": "soon"])
        }
        for _ in 0..<3 {
            let found = wait(await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#))
            #expect(found == (rule == "infinite" ? .seconds(3600) : nil))
        }
        #expect(notes.withLock { $0 } == [expected ?? ""].filter { !$0.isEmpty })
    }

    @Test("a budget that begins again in more than a day slows nothing down")
    func farBudget() async throws {
        for (reset, isBudget) in [("9999999", false), ("86400", true)] {
            let provider = try await TestProvider(Self.yaml) { _ in
                .json(#"{"s":"RUN"}"#, headers: ["X-RateLimit-Remaining": "3", "X-RateLimit-Reset": reset])
            }
            _ = await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#)
            #expect((await provider.client.takeBudget(.check) != nil) == isBudget)
        }
    }

    @Test("the tightest budget of all answers can be taken, once")
    func budget() async throws {
        let answers = Mutex([
            ["X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "40", "X-RateLimit-Reset": "30"],
            ["RateLimit": #""default";r=3;t=20"#, "RateLimit-Policy": #""default";q=10;w=60"#], [:],
            ["RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "50", "RateLimit-Reset": "9"],
        ])
        let provider = try await TestProvider(Self.yaml) { _ in
            .json(#"{"s":"RUN"}"#, headers: answers.withLock { $0.removeFirst() })
        }
        for _ in 0..<3 { _ = await provider.client.check(provider.job, exportHandle: #"{"id":"1"}"#) }
        #expect(await provider.client.takeBudget(.check) == RateBudget(remaining: 3, limit: 10, reset: .seconds(20)))
        #expect(await provider.client.takeBudget(.check) == nil)
        _ = await provider.client.files(provider.job, exportHandle: #"{"id":"1"}"#)
        #expect(await provider.client.takeBudget(.list) == RateBudget(remaining: 50, limit: 100, reset: .seconds(9)))
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ value: some Any) { description = "unexpected: \(value)" }
}
