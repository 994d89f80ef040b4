import Retry
import Testing

private struct Refusal: Error {}

@Suite("A retry")
struct RetryTests {
    private static func pause() -> Duration { .microseconds(10) }

    @Test("ends with the first success", arguments: [1, 2, 5])
    func success(attempts: Int) async {
        var (tried, failed) = (0, 0)
        let value = await retry(pause: Self.pause, until: { false }) { () async throws(Refusal) -> Int in
            tried += 1
            if tried < attempts { throw Refusal() }
            return tried
        } onFailure: { _ in
            failed += 1
            return true
        }
        #expect(value == attempts)
        #expect(failed == attempts - 1)
    }

    @Test("ends when trying again cannot help")
    func hopeless() async {
        var tried = 0
        let value: Int? = await retry(pause: Self.pause, until: { false }) { () async throws(Refusal) -> Int in
            tried += 1
            throw Refusal()
        } onFailure: { _ in
            tried < 3
        }
        #expect(value == nil)
        #expect(tried == 3)
    }

    @Test("tries at least once, and not again when the time is over")
    func deadline() async {
        var (tried, asked) = (0, 0)
        func isOver(after limit: Int) -> Bool {
            asked += 1
            return asked > limit
        }
        // Asked after the failure and after the pause.
        for (limit, attempts) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3)] {
            (tried, asked) = (0, 0)
            let value: Int? = await retry(pause: Self.pause, until: { isOver(after: limit) }) { () async throws(Refusal) -> Int in
                tried += 1
                throw Refusal()
            } onFailure: { _ in
                true
            }
            #expect(value == nil)
            #expect(tried == attempts)
        }
    }

    @Test("ends in its pause when the task is cancelled")
    func cancellation() async {
        let task = Task {
            await retry(pause: { .seconds(3600) }, until: { false }) { () async throws(Refusal) -> Int in
                throw Refusal()
            } onFailure: { _ in
                true
            }
        }
        task.cancel()
        #expect(await task.value == nil)
    }
}
