import EventThread
import ExportCore
import JobStore
import Logging
import ProviderAPI
import TestServers
import Testing

@testable import Lifecycle

@Suite("A host of downloads that gives no answer", .needsServers) struct SilentHostTests {
    private static let refused = Failure(.transient, code: "connect", message: "GET http://files.example/a: connect (Connection refused)")
    private static let late = Failure(.transient, code: "timeout-first-byte", message: "GET http://files.example/a: no answer")

    private static func run(_ body: (ProviderGate, JobStore) async throws -> Void) async throws {
        try await LifecycleFixture.run { fixture in
            let thread = EventThread(name: "gate-test"), logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            var definition = ProviderDefinition(name: "acme", file: "acme.yaml", baseURL: "http://127.0.0.1:9")
            definition.retry = RetryPolicy(base: .milliseconds(50), cap: .milliseconds(200))
            let gate = ProviderGate(
                definition, store: fixture.store, name: "test", watcher: BreakerWatcher(process: "test", logger: logger), logger: logger,
                on: thread)
            try await body(gate, fixture.store)
            thread.stop()
        }
    }

    private static func ask(_ gate: ProviderGate, file: Int, _ failure: Failure?) async throws -> Failure? {
        let permission = await gate.admit(downloadFrom: "files.example", withCredentials: false, isSuspect: false)
        if case .wait = permission { return .paused("wait", for: .zero) }
        return await gate.report(
            downloadFrom: "files.example", withCredentials: false, permission, of: try #require(JobID("a")), file: file, failure: failure,
            budget: nil)
    }

    @Test("makes its downloads wait after the third, uncounted, until it answers again") func waits() async throws {
        try await Self.run { gate, store in
            for _ in 0..<2 { #expect(try await Self.ask(gate, file: 0, Self.refused)?.countsAsAttempt == true) }
            let third = try #require(try await Self.ask(gate, file: 0, Self.refused))
            #expect(!third.countsAsAttempt && third.isDeferral && third.code == "connect")
            #expect(try await Self.ask(gate, file: 1, Self.refused)?.isPause == true, "others are not sent")
            let trial = try await eventually(within: .seconds(10), "one of them tries the host") {
                let failure = try await Self.ask(gate, file: 1, Self.refused)
                return failure?.isPause == true ? nil : failure
            }
            #expect(!trial.countsAsAttempt)
            // One answer or two: they count once if they are shared together.
            let slow = try await eventually(within: .seconds(10), "the others know") {
                try await store.health(of: "acme").health.slow(.download(host: "files.example")).flatMap { $0.answers > 0 ? $0 : nil }
            }
            #expect(slow.isSilent == true && slow.reason.contains("Connection refused"))
            try await eventually(within: .seconds(10), "an answer") { try await Self.ask(gate, file: 1, nil) == nil }
            #expect(try await Self.ask(gate, file: 0, Self.refused)?.countsAsAttempt == true, "it begins again")
        }
    }

    @Test("is not the reason when one file gets no answer, and others do") func oneFile() async throws {
        try await Self.run { gate, _ in
            for _ in 0..<5 {
                let (alone, other) = (try await Self.ask(gate, file: 0, Self.refused), try await Self.ask(gate, file: 1, nil))
                #expect(alone?.countsAsAttempt == true && other == nil)
            }
        }
        try await Self.run { gate, _ in
            for _ in 0..<5 {
                let late = try await Self.ask(gate, file: 0, Self.late)
                #expect(late?.countsAsAttempt == true, "the file may be the reason")
            }
        }
    }

    @Test("is the reason when several files are asked for and nothing comes") func severalFiles() async throws {
        try await Self.run { gate, _ in
            var failures: [Failure?] = []
            for file in 0..<3 { failures.append(try await Self.ask(gate, file: file, Self.late)) }
            #expect(failures.map { $0?.countsAsAttempt } == [true, true, false])
        }
    }
}
