import ExportCore
import JobStore
import TestServers
import Testing

@Suite("A wake", .needsServers) struct WakeTests {
    @Test("decodes as the job that was claimed, whatever its parameters hold") func roundTrip() async throws {
        try await TestStore.run { test in
            let request = try test.request("a", tenant: "t", parameters: "{\"a\":\"ä\t\"}")
            _ = try await test.store.admit([request], watchdog: TestStore.watchdog)
            let started = try #require(try await test.start().first)
            #expect(started.request == request)
            let polling = try await test.advanced(started, by: .created(PollHints()), handle: #"{"id":"e1"}"#)
            _ = try await test.store.cancel(request.id)
            let wake = try #require(try await test.wakes().first)
            #expect(wake.request == request)
            #expect((wake.version, wake.exportHandle, wake.isCancelRequested) == (polling.version + 1, #"{"id":"e1"}"#, true))
            #expect(wake.state == JobState(status: .polling, claims: 1, waited: wake.state.waited))
        }
    }

    @Test("carries the trace of the job's submitter, beside whether the job is to be cancelled", arguments: [true, false])
    func trace(isCancelled: Bool) async throws {
        try await TestStore.run { test in
            let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            let request = try test.request("a").completed(priority: .normal, traceparent: trace)
            _ = try await test.store.admit([request], watchdog: TestStore.watchdog)
            let started = try #require(try await test.start().first)
            _ = try await test.advanced(started, by: .created(PollHints()), handle: #"{"id":"e1"}"#)
            if isCancelled { _ = try await test.store.cancel(request.id) }
            let wake = try await eventually(within: .seconds(10), "the timer fires") { try await test.wakes().first }
            #expect(wake.request == request)
            #expect(wake.isCancelRequested == isCancelled)
        }
    }

    @Test("of a job without an export has no handle") func noHandle() async throws {
        try await TestStore.run { test in
            let id = try await test.admit("a")
            _ = try await test.store.cancel(id)
            let wake = try #require(try await test.wakes().first)
            #expect(wake.exportHandle == nil)
        }
    }

    @Test(
        "with numbers that no claim writes is ignored", arguments: [1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 15],
        ["9223372036854775807", "9999999999999999999", "-1", "+1", ""])
    func hugeNumbers(field: Int, number: String) {
        var fields = [
            "a", "1", "4", "1", "2", "3", "1795853057006", "0", "POLLING", "5", "6", "7", "8", "9", "0", "10", "{}", "p", "t", "c", "{}",
        ]
        #expect(Wake.decode(Array(fields.joined(separator: "\t").utf8)).jobs.count == 1)
        fields[field] = number
        #expect(Wake.decode(Array(fields.joined(separator: "\t").utf8)).malformed == 1)
    }

    @Test(
        "shares a message with those of other claims, within the limits of one message",
        arguments: [([1, 1, 1], [3]), ([4, 2, 3, 1], [4, 5, 1]), ([5, 5], [5, 5]), ([], []), ([2, 5, 2], [5, 4])])
    func gather(claims: [Int], messages: [Int]) {
        let bodies = claims.enumerated().map { claim, wakes in
            Array((0..<wakes).map { "\(claim)-\($0)\tx" }.joined(separator: "\n").utf8)
        }
        let gathered = Wake.gather(bodies, limit: 5)
        #expect(gathered.map(\.wakes).sorted() == messages.sorted())
        let lines = { (body: [UInt8]) in String(decoding: body, as: UTF8.self).split(separator: "\n").map(String.init) }
        #expect(gathered.map { lines($0.body).count } == gathered.map(\.wakes))
        #expect(gathered.flatMap { lines($0.body) }.sorted() == bodies.flatMap(lines).sorted())
        #expect(Wake.gather(bodies, maxBytes: 1).map(\.body) == bodies, "large wakes have a message of their own")
    }

    @Test("that is malformed does not affect the others of its message") func malformed() {
        let lines =
            "nonsense\n\na\t1\tx\t0\t0\t0\t0\t0\tPOLLING\t0\t0\t0\t0\t0\t0\t0\t{}\tp\tt\tc\t{}"
            + "\na\t1\t4\t1\t2\t3\t0\t0\tPOLLING\t5\t6\t7\t8\t9\t1\t10\t{}\tp\tt\t\t{\"a\":\"\t\"}"
        let (jobs, malformed) = Wake.decode(Array(lines.utf8))
        #expect(jobs.count == 1)
        #expect(jobs.first?.state.filesTotal == 5)
        #expect(jobs.first?.isCancelRequested == true)
        #expect(jobs.first?.request.correlationID == "a")
        #expect(jobs.first?.request.parameters == "{\"a\":\"\t\"}")
        #expect(malformed == 2)
    }
}
