import Synchronization
import TestServers
import Testing

@testable import Telemetry

@Suite("Bounded call", .timeLimit(.minutes(1)))
struct BoundedCallTests {
    @Test("overlapping calls share one run")
    func sharing() async throws {
        let runs = Mutex(0)
        let gate = AsyncStream.makeStream(of: Void.self)
        let call = BoundedCall(deadline: .seconds(30)) {
            let run = runs.withLock {
                $0 += 1; return $0
            }
            for await _ in gate.stream { break }
            return run
        }
        async let first = call()
        async let second = call()
        try await eventually(within: .seconds(20), "both wait") { await call.waiters.count == 2 }
        gate.continuation.finish()
        #expect(try await [first, second] == [1, 1])
        #expect(try await call() == 2)
    }

    @Test("an error of the closure reaches the caller, and the next call runs again")
    func throwing() async throws {
        struct Broken: Error {}
        let runs = Mutex(0)
        let call = BoundedCall(deadline: .seconds(30)) {
            guard
                runs.withLock({
                    $0 += 1; return $0
                }) > 1
            else { throw Broken() }
            return "fine"
        }
        await #expect(throws: Broken.self) { try await call() }
        #expect(try await call() == "fine")
    }

    @Test("a run that exceeds its deadline is cancelled, and after it has ended the next call runs again")
    func cancelling() async throws {
        let runs = Mutex(0)
        let ended = AsyncStream.makeStream(of: Void.self)
        let call = BoundedCall(deadline: .milliseconds(50)) {
            guard
                runs.withLock({
                    $0 += 1; return $0
                }) == 1
            else { return "fine" }
            defer { ended.continuation.finish() }
            try await Task.sleep(for: .seconds(3600))
            return "late"
        }
        await #expect(throws: DeadlineExceeded.self) { try await call() }
        for await _ in ended.stream {}
        var answer: String?
        while answer == nil {
            do { answer = try await call() } catch is DeadlineExceeded { await Task.yield() }
        }
        #expect(answer == "fine")
    }
}
