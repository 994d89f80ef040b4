import JobMessages
import RabbitMQ

/// A letter and the queue browser that holds it.
struct FoundLetter: Sendable {
    let record: DeadLetterRecord
    fileprivate let tag: DeliveryTag
    fileprivate let browser: QueueBrowser

    /// Removes the letter from its queue.
    func remove() async throws { try await browser.acknowledge([tag]) }
}

/// Reads dead-letter queues letter by letter. Letters that are not removed are back in the queue at the end.
struct LetterScan: Sendable {
    private let configuration: RabbitMQConfiguration
    private let queues: [String]

    /// The number of letters read at once. It is small because their bodies are held in memory.
    private static let page = 256
    /// Larger bodies do not come from Longhaul. They are shown in part and not published again.
    private static let largestBody = 2 * JobMessage.largestBody

    init(_ settings: Settings, queues: [String]) throws {
        var configuration = try settings.rabbitMQ(connectionName: "longhaul dead-letters")
        configuration.maxDeliveryBytes = Self.largestBody
        self.configuration = configuration
        self.queues = queues
    }

    /// Calls `body` with each letter that is in the queues now, until it returns false. Ends early, without an error, if the
    /// task is cancelled.
    /// - Throws: a `Problem` if the broker or a queue cannot be reached; the errors of `body`.
    func forEach(_ body: (FoundLetter) async throws -> Bool) async throws {
        try await forEachPage { page in
            for letter in page {
                guard !Task.isCancelled, try await body(letter) else { return false }
            }
            return true
        }
    }

    /// The same with some hundred letters at once.
    func forEachPage(_ body: ([FoundLetter]) async throws -> Bool) async throws {
        do {
            for queue in queues {
                let browser = try await QueueBrowser.open(configuration, queue: queue)
                let goesOn: Bool
                do {
                    goesOn = try await Self.browse(browser, body)
                } catch {
                    // The first error is the one to report.
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

    private static func browse(_ browser: QueueBrowser, _ body: ([FoundLetter]) async throws -> Bool) async throws -> Bool {
        var seen = 0
        // Letters that arrive meanwhile are left for the next scan, because a redriven letter may return at once.
        while seen < browser.depth {
            let deliveries = try await browser.next(atMost: min(page, browser.depth - seen))
            if deliveries.isEmpty { break }
            guard !Task.isCancelled else { return false }
            seen += deliveries.count
            let letters = deliveries.map { FoundLetter(record: DeadLetterRecord($0), tag: $0.tag, browser: browser) }
            guard try await body(letters) else { return false }
        }
        return true
    }

    private static func problem(_ error: RabbitMQError) -> Problem {
        guard error.kind != .notFound else { return .unavailable("LONGHAUL_RABBITMQ_URL: \(error); run `longhaul setup`") }
        return .unavailable("LONGHAUL_RABBITMQ_URL: \(error)")
    }
}
