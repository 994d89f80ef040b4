import ArgumentParser
import EventThread
import JobMessages
import JobStore
import Logging
import ObjectStorage
import RabbitMQ
import Redis

struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup", abstract: "Declare the queues and prepare the store.",
        discussion:
            "Safe to run again, for example at each start of a stack. An existing queue or store that differs is reported and not changed.")

    @OptionGroup var options: SettingsOptions
    @Flag(help: "Also create the bucket of LONGHAUL_OUTPUT if it does not exist.") var createBucket = false

    func run() async throws {
        let settings = try await options.load()
        try await prepareStore(settings)
        try await declareTopology(settings)
        if createBucket { try await prepareBucket(settings) }
    }

    private func prepareStore(_ settings: Settings) async throws {
        let thread = EventThread(name: "longhaul-setup")
        let redis = Redis(try settings.redis(clientName: "longhaul setup"), on: thread, logger: Terminal.quietLogger)
        let layout = StoreLayout(partitions: try settings.number("LONGHAUL_PARTITIONS", 1...1024))
        do {
            try await redis.connect()
            try await layout.setUp(redis)
        } catch {
            await redis.shutdown()
            throw Problem.unavailable("LONGHAUL_REDIS_URL: \(error)")
        }
        print("store     \(redis.server): \(layout.partitions) partitions, schema \(layout.schema), scripts loaded")
        await redis.shutdown()
        thread.stop()
    }

    private func declareTopology(_ settings: Settings) async throws {
        let administrator = Administrator(try settings.rabbitMQ(connectionName: "longhaul setup"), logger: Terminal.quietLogger)
        do {
            try await Topology.declare(with: administrator)
        } catch {
            await administrator.shutdown()
            throw Problem.unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
        }
        await administrator.shutdown()
        for queue in Topology.queues { print("queue     \(queue.name) (\(queue.type.rawValue))") }
        for exchange in Topology.exchanges { print("exchange  \(exchange.name) (\(exchange.type.rawValue))") }
    }

    private func prepareBucket(_ settings: Settings) async throws {
        let thread = EventThread(name: "longhaul-setup")
        let (storage, http) = try settings.storage(on: thread, logger: Terminal.quietLogger)
        guard let storage = storage as? S3Storage else {
            throw Problem.usage("--create-bucket: LONGHAUL_OUTPUT must be an s3:// URL; a folder needs no bucket")
        }
        do {
            try await storage.createBucketIfMissing()
        } catch {
            await http?.shutdown()
            throw Problem.unavailable("LONGHAUL_OUTPUT: \(error)")
        }
        await http?.shutdown()
        thread.stop()
        print("bucket    \(storage.url(key: ""))")
    }
}
