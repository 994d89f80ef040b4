import JobMessages
import RabbitMQ

/// A letter where it lies.
struct FoundLetter: Sendable {
    let record: DeadLetterRecord
    fileprivate let tag: DeliveryTag
    fileprivate let browser: QueueBrowser

    /// Takes it out of its queue.
    func remove() async throws { try await browser.acknowledge([tag]) }
}

/// Goes through dead-letter queues, one letter after the other. Whatever is not removed is back at the end.
struct LetterScan: Sendable {
    private let configuration: RabbitMQConfiguration
    private let queues: [String]

    /// Letters that are read at once: few, for their bodies are held.
    private static let page = 256
    /// Bodies over this size are no work of ours; they are shown in part and not published again.
    private static let largestBody = 2 * JobMessage.largestBody

    init(_ settings: Settings, queues: [String]) throws {
        var configuration = try settings.rabbitMQ(connectionName: "longhaul dead-letters")
        configuration.maxDeliveryBytes = Self.largestBody
        self.configuration = configuration
        self.queues = queues
    }

    /// Calls `body` with each letter that stands in the queues now, until it returns false. Ends early, without an error, when the
    /// task is cancelled.
    /// - Throws: a `Problem` when the broker or a queue is out of reach; what `body` throws.
    func forEach(_ body: (FoundLetter) async throws -> Bool) async throws {
        do {
            for queue in queues {
                let browser = try await QueueBrowser.open(configuration, queue: queue)
                let goesOn: Bool
                do {
                    goesOn = try await Self.browse(browser, body)
                } catch {
                    // The first error is the one to tell.
                    try? await browser.close()
                    throw error
                }
                try await browser.close()
                guard goesOn else { return }
            }
        } catch let error as RabbitMQError {
            throw Self.problem(error)
        }
    }

    private static func browse(_ browser: QueueBrowser, _ body: (FoundLetter) async throws -> Bool) async throws -> Bool {
        var seen = 0
        // What arrives meanwhile is for the next time: a letter that is put back may come again at once.
        while seen < browser.depth {
            let deliveries = try await browser.next(atMost: min(page, browser.depth - seen))
            if deliveries.isEmpty { break }
            for delivery in deliveries {
                guard !Task.isCancelled else { return false }
                seen += 1
                let letter = FoundLetter(record: DeadLetterRecord(delivery), tag: delivery.tag, browser: browser)
                guard try await body(letter) else { return false }
            }
        }
        return true
    }

    private static func problem(_ error: RabbitMQError) -> Problem {
        guard error.kind != .notFound else { return .unavailable("LONGHAUL_RABBITMQ_URL: \(error); `longhaul setup` declares it") }
        return .unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
    }
}
