import ExportCore
import Redis
import TestServers
import Testing

@testable import JobStore

@Suite("Webhook messages in the store", .needsServers) struct WebhookTests {
    private static let url = "https://hooks.example.com/x"

    /// A job in POLLING whose submitter wants to be told.
    private func polling(_ name: String, webhook: String? = url, _ test: TestStore) async throws -> ClaimedJob {
        let id = try #require(JobID(name))
        return try await test.polling(JobRequest(id: id, provider: "acme", tenant: "t", correlationID: "c-\(name)", webhook: webhook))
    }

    private func fail(_ job: ClaimedJob, _ test: TestStore) async throws {
        let failure = Failure(.permanent, code: "http-403", message: "POST /x answered\t403")
        _ = try await test.advanced(job, by: .stepFailed(failure))
    }

    private func subscribe(_ test: TestStore, version: String = "v1", _ statuses: JobStatus...) async throws {
        try await test.store.setEndpoints([WebhookSubscription(provider: "acme", version: version, statuses: statuses)])
    }

    @Test("are there as soon as their job has ended, each with a timer that is due, and say what happened") func made() async throws {
        try await TestStore.run { test in
            try await subscribe(test, .failed)
            let job = try await polling("a", test)
            #expect(try await test.store.webhookBacklog().waiting == 0)
            try await fail(job, test)
            let due = try await test.claim().webhooks
            let messages = due.map(\.message).sorted { $0.name < $1.name }
            #expect(messages.map(\.endpoint) == [.provider, .job(url: Self.url)])
            #expect(Set(messages.map(\.id)).count == 1, "one end of a job has one id")
            let message = try #require(messages.first)
            #expect(message.id.contains(#/^msg_[0-9a-f]{40}$/#) && message.status == .failed && message.job == job.id)
            #expect((message.provider, message.tenant, message.correlationID) == ("acme", "t", "c-a"))
            #expect(message.error == JobError(code: "http-403", message: "POST /x answered\t403"))
            let record = try #require(try await test.store.job(job.id))
            #expect(message.version == record.version && message.createdAt == record.createdAt)
            #expect(try await test.store.webhookBacklog().waiting == 2)
            #expect(try await test.claim().webhooks.isEmpty, "their claims hold")
            #expect(try await test.store.list(.polling, limit: 10).isEmpty, "they are no jobs")
        }
    }

    @Test("are not made for a job without a webhook, of a provider without an endpoint, or for an end that it does not want to know")
    func none() async throws {
        try await TestStore.run { test in
            try await fail(polling("a", webhook: nil, test), test)
            try await subscribe(test, .completed)
            try await fail(polling("b", webhook: nil, test), test)
            #expect(try await test.store.webhookBacklog() == WebhookBacklog(waiting: 0, oldest: .zero))
            try await subscribe(test)
            #expect(try await test.redis.send(["EXISTS", "{lh:00}:endpoints"]).int == 0)
        }
    }

    @Test("survive the record of their job, and outlive its retry: each end has a message of its own") func apart() async throws {
        try await TestStore.run { test in
            let job = try await polling("a", test)
            try await fail(job, test)
            #expect(try await test.retry(job.id) != nil)
            let claimed = try await test.claim()
            let again = try #require(claimed.messages.flatMap { Wake.decode($0).jobs }.first)
            let first = try #require(claimed.webhooks.first)
            try await fail(again, test)
            _ = try await test.redis.send(["DEL", "{lh:00}:job:a"])
            let second = try #require(try await test.claim().webhooks.first)
            #expect(first.message.id != second.message.id && first.message.name != second.message.name)
            #expect(second.message.error?.code == "http-403")
        }
    }

    @Test("come back when the claim runs out, with the same id and the next token; a lapsed sender's result changes nothing")
    func fenced() async throws {
        try await TestStore.run { test in
            try await fail(polling("a", test), test)
            let lost = try #require(try await test.claim().webhooks.first)
            let timer = try #require(try await test.score(lost.message.name))
            #expect(try await timer - test.now() > 15_000, "the claim holds for longer than an attempt takes")
            _ = try await test.redis.send(["ZADD", "{lh:00}:due", 1, .string(lost.message.name)])
            let next = try #require(try await test.claim().webhooks.first)
            #expect(next.message == lost.message && next.claim == lost.claim + 1 && next.claims == 2)
            #expect(try await test.store.applyWebhooks([(lost, .ended)]) == [false])
            #expect(try await test.store.applyWebhooks([(next, .ended)]) == [true])
            #expect(try await test.store.applyWebhooks([(next, .ended)]) == [false])
            #expect(try await test.score(next.message.name) == nil)
            #expect(try await test.redis.send(["EXISTS", .string("{lh:00}:webhook:\(next.message.name)")]).int == 0)
            #expect(try await test.store.webhookBacklog().waiting == 0)
        }
    }

    @Test("count failed attempts and when the first was; a claim that is handed back counts nothing") func attempts() async throws {
        try await TestStore.run { test in
            try await fail(polling("a", test), test)
            func due() async throws -> DueWebhook {
                try await eventually(within: .seconds(10), "an attempt is due") { try await test.claim().webhooks.first }
            }
            let first = try await due()
            #expect((first.failures, first.claims, first.failedAt) == (0, 1, nil))
            #expect(try await test.store.applyWebhooks([(first, .handedBack(for: .milliseconds(5)))]) == [true])
            let second = try await due()
            #expect((second.failures, second.claims, second.failedAt) == (0, 1, nil))
            #expect(try await test.store.applyWebhooks([(second, .failed(next: .milliseconds(5)))]) == [true])
            let third = try await due()
            #expect((third.failures, third.claims) == (1, 1) && third.failedAt != nil)
            #expect(try await test.store.applyWebhooks([(third, .failed(next: .seconds(60)))]) == [true])
            #expect(try await test.score(third.message.name).map { $0 > 0 } == true)
            #expect(try await test.claim().webhooks.isEmpty)
        }
    }

    @Test("are made again from a dead letter, once, with all their attempts and the same id") func restored() async throws {
        try await TestStore.run { test in
            try await fail(polling("a", test), test)
            let dead = try #require(try await test.claim().webhooks.first)
            _ = try await test.store.applyWebhooks([(dead, .ended)])
            #expect(try await test.store.restore(dead.message))
            #expect(try await !test.store.restore(dead.message))
            let again = try #require(try await test.claim().webhooks.first)
            #expect(again.message == dead.message && again.failures == 0)
        }
    }

    @Test("of a disabled endpoint are not made but counted, until its file changes or somebody enables it") func disabled() async throws {
        try await TestStore.run { test in
            try await subscribe(test, .failed)
            #expect(try await !test.store.disableEndpoint(of: "acme", version: "v0", reason: "410"), "another version of the file")
            #expect(try await test.store.disableEndpoint(of: "acme", version: "v1", reason: "answered 410"))
            #expect(try await !test.store.disableEndpoint(of: "acme", version: "v1", reason: "again"))
            try await fail(polling("a", webhook: nil, test), test)
            try await subscribe(test, .failed)
            #expect(try await test.store.webhookBacklog().waiting == 0, "a restart does not enable it")
            let endpoint = try #require(try await test.store.disabledEndpoints(of: ["acme", "other"])["acme"])
            #expect((endpoint.reason, endpoint.skipped) == ("answered 410", 1))
            try await subscribe(test, version: "v2", .failed)
            #expect(try await test.store.disabledEndpoints(of: ["acme"]).isEmpty)
            try await fail(polling("b", webhook: nil, test), test)
            #expect(try await test.store.webhookBacklog().waiting == 1)
            #expect(try await test.store.disableEndpoint(of: "acme", version: "v2", reason: "answered 410"))
            #expect(try await test.store.enableEndpoint(of: "acme"))
            #expect(try await !test.store.enableEndpoint(of: "acme"))
            try await fail(polling("c", webhook: nil, test), test)
            #expect(try await test.store.webhookBacklog().waiting == 2)
        }
    }

    @Test("that cannot be read cost the other timers nothing") func damaged() async throws {
        try await TestStore.run { test in
            _ = try await test.redis.send(["ZADD", "{lh:00}:due", 1, "a#u1-1", 1, "b#p1-1", 1, "c#x"])
            _ = try await test.redis.send(["HSET", "{lh:00}:webhook:a#u1-1", "facts", "nonsense"])
            try await fail(polling("d", test), test)
            #expect(try await test.claim().webhooks.map(\.message.job.text) == ["d"])
            for name in ["b#p1-1", "c#x"] { #expect(try await test.score(name) == nil, "nothing is behind \(name)") }
        }
    }

    @Test("say how many files a completed job has") func completed() async throws {
        try await TestStore.run { test in
            let ready = try await test.advanced(polling("a", test), by: .ready)
            _ = try await test.list(["x", "y"], of: ready)
            for index in 0..<2 {
                let file = try #require(try await test.claimFile(index, ready.id))
                _ = try await test.end(file, .stored)
            }
            let job = try #require(try await test.store.job(ready.id))
            _ = try await test.advanced(job.claimed, by: .manifestWritten)
            let message = try #require(try await test.claim().webhooks.first?.message)
            #expect((message.status, message.files, message.filesFailed, message.error) == (.completed, 2, 0, nil))
        }
    }
}
