import ExportCore
import Foundation
import JobMessages
import JobStore
import RabbitMQ
import TestServers
import Testing

@testable import Worker

@Suite("A worker with failing transfers", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct TransferFailureTests {
    @Test(
        "retries when the body is not as promised, and shows nothing of it",
        arguments: [
            (#"{"files":1,"bytesPerFile":50000,"compression":"none","faults":{"corruptBody":1}}"#, "checksum-mismatch"),
            (#"{"files":1,"bytesPerFile":50000,"compression":"zip","faults":{"corruptBody":1}}"#, "archive-corrupt"),
            (#"{"files":1,"bytesPerFile":50000,"compression":"gzip","faults":{"truncatedBody":1}}"#, "truncated"),
            (#"{"files":1,"bytesPerFile":50000,"compression":"gzip","faults":{"500":1}}"#, "http-500"),
        ])
    func retried(order: String, code: String) async throws {
        // The test itself would have to retry faults of the listing.
        let order = order.replacing("\"500\"", with: "\"download:500\"")
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: order)
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<1)
                try await eventually(within: WorkerFixture.deadline, "the first failure") { try await !fixture.failures(of: id).isEmpty }
                try await fixture.expectNothingVisible(of: id, truth)
                #expect(try await fixture.end(of: id).state.status == .completed)
                try await eventually(within: WorkerFixture.deadline, "the success is noted after the failure") {
                    let log = try await fixture.store.health(of: "acme").health.failures(of: .files)
                    return log?.entries.keys.first == code && log?.isUnbroken == false
                }
            }
            let failures = try await fixture.failures(of: id)
            #expect(failures.count == 1)
            #expect(failures.first?.hasSuffix(code) == true, "\(failures)")
            try await fixture.verify(id, truth)
            try await fixture.expectNoPartialUploads()
        }
    }

    @Test("keeps the files of a host that cannot be reached, uses up no more attempts, and stores them when it is back")
    func silentHost() async throws {
        try await WorkerFixture.run { fixture in
            let gone = ScriptedFiles([:])
            gone.stop()
            let names = ["0.csv", "1.csv", "2.csv"]
            let tasks = names.map { FileTask(name: $0, url: gone.url("/\($0)"), listedName: $0) }
            let id = try await fixture.store(fixture.request("job-1"), tasks, handle: "{}")
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<tasks.count)
                let kind = RequestKind.download(host: "127.0.0.1:\(gone.port)")
                // More than the attempts that a file has: one file at a time tries the host.
                let slow = try await eventually(within: WorkerFixture.deadline, "single tries") {
                    try await fixture.publishDue()
                    return try await fixture.store.health(of: "acme").health.slow(kind).flatMap { $0.answers > 8 ? $0 : nil }
                }
                #expect(slow.isSilent == true && slow.reason.contains("connect"), "\(slow)")
                let body = ScriptedFiles.Answer("id,name\n1,x\n")
                let back = ScriptedFiles(Dictionary(uniqueKeysWithValues: names.map { ("/\($0)", [body]) }), port: gone.port)
                defer { back.stop() }
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
        }
    }

    @Test("gives up a file whose host gives no answer for as long as a file may be put off, and says so") func silentForLong()
        async throws
    {
        try await WorkerFixture.run(provider: "retry: { attempts: 4, base: 100ms, cap: 300ms, maxThrottled: 1s }\n") { fixture in
            let gone = ScriptedFiles([:])
            gone.stop()
            let task = FileTask(name: "a.csv", url: gone.url("/a.csv"), listedName: "a.csv")
            let id = try await fixture.store(fixture.request("job-1"), [task], handle: "{}")
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<1)
                let error = try await fixture.end(of: id).error
                #expect(
                    error?.code == "max-throttled-exceeded" && error?.message.contains("connect") == true, "\(String(describing: error))")
            }
        }
    }

    @Test("lists an expired link again within the same attempt")
    func expiredLink() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing(
                "job-1", order: #"{"files":2,"bytesPerFile":5000,"compression":"gzip","faults":{"expiredLink":1}}"#)
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<2)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            #expect(try await fixture.failures(of: id).isEmpty)
            try await fixture.verify(id, truth)
        }
    }

    @Test("fails the job when the attempts are used up, and shows nothing")
    func usedUp() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: #"{"files":1,"bytesPerFile":5000,"compression":"gzip"}"#) {
                $0.sha256 = String(repeating: "0", count: 64)
            }
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<1)
                let job = try await fixture.end(of: id)
                #expect(job.state.status == .failed)
                #expect(job.error?.code == "checksum-mismatch")
            }
            #expect(try await fixture.downloads() == 4)
            let log = try #require(try await fixture.store.health(of: "acme").health.failures(of: .files), "noted for people")
            #expect(log.entries["checksum-mismatch"]?.times == 4 && log.isUnbroken, "\(log)")
            #expect(try await fixture.administrator.depth(QueueNames.deadDownloads).messages == 1, "the file has a dead letter")
            try await fixture.expectNothingVisible(of: id, truth)
            try await fixture.expectNoPartialUploads()
        }
    }

    @Test("stops the transfers of a cancelled job, and removes their uploads")
    func cancelled() async throws {
        try await WorkerFixture.run(sandbox: ["slow-body": "20s"]) { fixture in
            let (id, truth) = try await fixture.processing(
                "job-1", order: #"{"files":1,"bytesPerFile":12000000,"compression":"none","faults":{"slowBody":1}}"#)
            var configuration = WorkerFixture.configuration
            configuration.lease = .seconds(3)
            try await fixture.withWorker(configuration) { worker in
                try await fixture.publish(id, files: 0..<1)
                try await eventually(within: WorkerFixture.deadline, "the download") { try await fixture.downloads() == 1 }
                #expect(try await fixture.store.cancel(id) == .asked)
                let job = try await fixture.job(id).claimed
                #expect(await fixture.jobs.carryOut(.cancelled, for: job, by: fixture.machine) != nil)
                try await eventually(within: .seconds(10), "the transfer stops") { await worker.service.slots.drain(within: .zero) == 0 }
                #expect(try await !fixture.hasPartialUploads())
            }
            #expect(try await fixture.job(id).error?.code == "cancelled")
            try await fixture.expectNothingVisible(of: id, truth)
        }
    }

    @Test("continues without a file that cannot be downloaded if the provider file says so, and the manifest lists it")
    func skips() async throws {
        try await WorkerFixture.run(provider: "onFileFailure: skip\n") { fixture in
            let (id, _) = try await fixture.processing("job-1", order: #"{"files":2,"bytesPerFile":5000,"compression":"none"}"#) {
                if $0.listedName.contains("1") { $0.sha256 = String(repeating: "0", count: 64) }
            }
            try await fixture.withWorker { _ in
                try await fixture.publish(id, files: 0..<2)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            let manifest = try await fixture.manifest(of: id)
            #expect(manifest.files == 2)
            #expect(manifest.objects.count == 1)
            #expect(manifest.skipped?.map(\.errorCode) == ["checksum-mismatch"])
            #expect(manifest.skipped?.allSatisfy { !$0.source.contains("?") } == true, "without the link's signature")
        }
    }

    @Test("fails the job of a file whose attempts were used up by workers that died")
    func exhausted() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: #"{"files":1,"bytesPerFile":5000,"compression":"gzip"}"#)
            for attempt in 1...4 {
                #expect(try await fixture.claim(0, of: id, lease: .milliseconds(1)).attempt == attempt)
                try await eventually(within: .seconds(5), "the lease to expire") {
                    try await fixture.publishDue()
                    return try await fixture.state(ofFile: 0, id)?.hasPrefix("queued \(attempt) ") == true
                }
            }
            try await fixture.withWorker { _ in
                let error = try await fixture.end(of: id).error
                #expect(error?.code == "file-attempts-exhausted")
            }
            #expect(try await fixture.downloads() == 0)
            try await fixture.expectNothingVisible(of: id, truth)
        }
    }

    @Test("keeps a file of an unknown provider for later, and uses up none of its attempts")
    func unknownProvider() async throws {
        try await WorkerFixture.run { fixture in
            let (id, _) = try await fixture.processing("job-1", order: #"{"files":1,"bytesPerFile":5000,"compression":"gzip"}"#)
            let worker = fixture.start(providers: [:])
            try await fixture.publish(id, files: 0..<1)
            try await eventually(within: WorkerFixture.deadline, "the backoff") { try await fixture.state(ofFile: 0, id) == "backoff 1" }
            try await worker.shutDown()
            #expect(try await fixture.failures(of: id) == ["file 0 attempt 1 unknown-provider"])
            #expect(try await fixture.field("uncounted", ofFile: 0, id) == "1")
        }
    }

    @Test("gives up a transfer at once when its lease is lost, and shows nothing of it")
    func leaseLost() async throws {
        try await WorkerFixture.run(sandbox: ["slow-body": "20s"]) { fixture in
            let (id, truth) = try await fixture.processing(
                "job-1", order: #"{"files":1,"bytesPerFile":60000,"compression":"none","faults":{"slowBody":1}}"#)
            var configuration = WorkerFixture.configuration
            configuration.lease = .milliseconds(600)
            try await fixture.withWorker(configuration) { worker in
                try await fixture.publish(id, files: 0..<1)
                try await eventually(within: WorkerFixture.deadline, "the download") { try await fixture.downloads() == 1 }
                // As if another worker had claimed it.
                _ = try await fixture.redis.send(["HSET", "{lh:00}:files:job-1", "0.state", "leased 2"])
                try await eventually(within: .seconds(5), "the end of the transfer") {
                    await worker.service.slots.drain(within: .zero) == 0
                }
                #expect(try await fixture.state(ofFile: 0, id) == "leased 2")
                #expect(try await fixture.failures(of: id).isEmpty)
            }
            try await fixture.expectNothingVisible(of: id, truth)
            try await fixture.expectNoPartialUploads()
        }
    }

    @Test("dead-letters an invalid message with the reason, and continues with the next")
    func malformed() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: #"{"files":1,"bytesPerFile":500,"compression":"none"}"#)
            let bodies = [
                "", "{}", "[[[[", #"{"exportJobId":"../x","file":0,"correlationId":"c"}"#,
                #"{"exportJobId":"a","file":-1,"correlationId":"c"}"#,
            ]
            try await fixture.publish(bodies.map { OutgoingMessage(routingKey: QueueNames.downloads(.normal), body: Array($0.utf8)) })
            try await fixture.publish(id, files: 0..<1)
            try await fixture.withWorker { _ in
                #expect(try await fixture.end(of: id).state.status == .completed)
                try await eventually(within: WorkerFixture.deadline, "the dead letters") {
                    try await fixture.administrator.depth(QueueNames.deadDownloads).messages == bodies.count
                }
            }
            try await fixture.verify(id, truth)
            let consumer = Consumer(
                fixture.rabbitMQ, subscriptions: [Subscription(queue: QueueNames.deadDownloads, prefetch: 10)], on: fixture.thread,
                logger: quiet)
            try await consumer.connect()
            let letter = try await consumer.next(atMost: 1).first.unwrapped("dead letter")
            #expect(letter.properties.headers[DeadLetter.reasonHeader] == .string("not-json"))
            await consumer.shutdown()
        }
    }
}
