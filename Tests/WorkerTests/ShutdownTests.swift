import ExportCore
import JobMessages
import JobStore
import RabbitMQ
import TestServers
import Testing

@testable import Worker

@Suite("A worker that ends or loses its servers", .needsServers, .serialized, .timeLimit(.minutes(5)))
struct ShutdownTests {
    private let slow = #"{"files":1,"bytesPerFile":60000,"compression":"none","faults":{"slowBody":1}}"#

    @Test("hands back at a shutdown what it cannot finish in time, and another worker continues it")
    func handsBack() async throws {
        try await WorkerFixture.run(sandbox: ["slow-body": "60s"]) { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: slow)
            var configuration = WorkerFixture.configuration
            configuration.shutdownGrace = .milliseconds(100)
            let worker = fixture.start(configuration)
            try await fixture.publish(id, files: 0..<1)
            try await eventually(within: WorkerFixture.deadline, "the download") { try await fixture.downloads() == 1 }
            let start = ContinuousClock.now
            try await worker.shutDown()
            #expect(.now - start < .seconds(5))
            #expect(try await fixture.state(ofFile: 0, id) == "backoff 1")
            #expect(try await fixture.failures(of: id) == ["file 0 attempt 1 worker-shutdown"])
            try await fixture.expectNothingVisible(of: id, truth)
            try await fixture.expectNoPartialUploads()

            try await fixture.withWorker { _ in
                let job = try await fixture.end(of: id)
                #expect(job.state.status == .completed)
            }
            try await fixture.verify(id, truth)
        }
    }

    @Test("lets transfers finish within the grace period of a shutdown, and takes nothing more")
    func finishes() async throws {
        try await WorkerFixture.run(sandbox: ["slow-body": "1s"]) { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: slow)
            let worker = fixture.start()
            try await fixture.publish(id, files: 0..<1)
            try await eventually(within: WorkerFixture.deadline, "the download") { try await fixture.downloads() == 1 }
            let end = Task { try await worker.shutDown() }
            try await eventually(within: WorkerFixture.deadline, "the end of the intake") {
                try await fixture.administrator.depth(QueueNames.downloads(.normal)).consumers == 0
            }
            try await fixture.publish(id, files: 0..<1)
            try await end.value
            #expect(try await fixture.store.job(id)?.state.status == .completed)
            #expect(try await fixture.administrator.depth(QueueNames.downloads(.normal)).messages == 1)
            try await fixture.verify(id, truth)
        }
    }

    @Test("acknowledges nothing while the store is down, and continues when it is back")
    func storeAway() async throws {
        try await WorkerFixture.run { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: #"{"files":2,"bytesPerFile":5000,"compression":"gzip"}"#)
            try await fixture.withWorker { _ in
                try await fixture.servers.terminate(.redis)
                try await fixture.publish(id, files: 0..<2)
                // Delivered. If acknowledged, they would be lost, because nothing here publishes them again.
                try await fixture.waitUntilEmpty(QueueNames.downloads(.normal))
                try await fixture.servers.start(.redis)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            try await fixture.verify(id, truth)
        }
    }

    @Test("continues a transfer while the store is down for less than the lease")
    func heartbeatAway() async throws {
        try await WorkerFixture.run(sandbox: ["slow-body": "3s"]) { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: slow)
            var configuration = WorkerFixture.configuration
            configuration.lease = .seconds(20)
            try await fixture.withWorker(configuration) { _ in
                try await fixture.publish(id, files: 0..<1)
                try await eventually(within: WorkerFixture.deadline, "the download") { try await fixture.downloads() == 1 }
                try await fixture.servers.terminate(.redis)
                try await fixture.servers.start(.redis)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            #expect(try await fixture.downloads() == 1)
            try await fixture.verify(id, truth)
        }
    }

    @Test("gives up a transfer when its lease expires while the store is down")
    func leaseRunsOut() async throws {
        try await WorkerFixture.run(sandbox: ["slow-body": "30s"]) { fixture in
            let (id, truth) = try await fixture.processing("job-1", order: slow)
            var configuration = WorkerFixture.configuration
            configuration.lease = .seconds(2)
            try await fixture.withWorker(configuration) { worker in
                try await fixture.publish(id, files: 0..<1)
                try await eventually(within: WorkerFixture.deadline, "the download") { try await fixture.downloads() == 1 }
                try await fixture.servers.freeze(.redis)
                try await eventually(within: .seconds(8), "the end of the transfer") {
                    await worker.service.slots.drain(within: .zero) == 0
                }
                try await fixture.servers.thaw(.redis)
                try await fixture.expectNothingVisible(of: id, truth)
                #expect(try await fixture.end(of: id).state.status == .completed)
            }
            try await fixture.verify(id, truth)
        }
    }

    @Test("does not start without its queues")
    func noQueue() async throws {
        try await WorkerFixture.run { fixture in
            try await fixture.administrator.delete(queue: QueueNames.downloads(.low))
            let worker = fixture.start()
            let error = await #expect(throws: RabbitMQError.self) { try await worker.task.value }
            #expect(error?.kind == .notFound)
        }
    }
}
