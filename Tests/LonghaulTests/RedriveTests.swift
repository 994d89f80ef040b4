import ExportCore
import Foundation
import Glibc
import JobMessages
import RabbitMQ
import TestServers
import Testing

@testable import longhaul

@Suite("longhaul dead-letters: redrive and discard", .needsServers) struct RedriveTests {
    @Test("redrive resumes FAILED jobs, leaves other jobs alone, publishes unknown ones again, and does nothing the second time")
    func redrive() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("failed", failed: true)
            try await fixture.admit("running", failed: false)
            for name in ["failed", "running", "forgotten"] { try await fixture.putJob(name) }
            try await fixture.putFile(0, of: "failed")
            try await fixture.putMalformed("nonsense")
            let forecast = try await fixture.longhaul("redrive", "--all", "--dry-run", "--json")
            #expect(forecast.status == 0, "\(forecast.errors)")
            #expect(try await fixture.letters().count == 4)
            #expect(try await fixture.depth(QueueNames.jobs(.normal)) == 0)
            let ended = try await fixture.longhaul("redrive", "--all", "--json")
            #expect(ended.status == 0, "\(ended.errors)")
            for objects in [try forecast.objects(), try ended.objects()] {
                let outcomes = objects.map { "\($0["exportJobId"] as? String ?? "–") \($0["outcome"] as? String ?? "")" }.sorted()
                #expect(outcomes.count == 5)
                for outcome in ["failed retried", "running solved, discarded", "forgotten published again", "– published again"] {
                    #expect(outcomes.contains(outcome), "\(outcomes)")
                }
            }
            #expect(try await fixture.letters().isEmpty)
            #expect(try await fixture.letters(QueueNames.deadDownloads).isEmpty)
            let body = try #require(try await fixture.bodies(QueueNames.jobs(.normal)).first)
            let forgotten = try #require(JobID("forgotten"))
            #expect(
                try JobMessage.decode(Array(body.utf8))
                    == JobRequest(id: forgotten, provider: "acme", parameters: #"{"report":"orders"}"#, correlationID: "c-forgotten"))
            #expect(try await fixture.bodies(QueueNames.jobs(.high)) == ["nonsense"])
            let second = try await fixture.longhaul("redrive", "--all")
            #expect(second.status == 0)
            #expect(second.output == "there is no such letter\n")
            #expect(try await fixture.depth(QueueNames.jobs(.normal)) == 1)
        }
    }

    @Test("a file of an unknown job stays, is reported, and can be discarded") func forgottenFile() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.putFile(0, of: "forgotten")
            let ended = try await fixture.longhaul("redrive", "--queue", "downloads")
            #expect(ended.status == 1)
            #expect(ended.output.contains("a file cannot be restored without its job"))
            #expect(ended.errors.contains("`longhaul dead-letters discard` removes them"))
            #expect(try await fixture.depth(QueueNames.deadDownloads) == 1)
            let discarded = try await fixture.longhaul("discard", "--reason", "checksum-mismatch", "--yes")
            #expect(discarded.status == 0, "\(discarded.errors)")
            #expect(discarded.output == "1 letter: 1 discarded\n")
            #expect(try await fixture.depth(QueueNames.deadDownloads) == 0)
        }
    }

    @Test("redriving twice, as after an interruption before the letter was removed, does no harm") func twice() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.putJob("forgotten")
            let letter = try #require(try await fixture.letters().first)
            #expect(try await fixture.redrive.putBack(letter) == .published(QueueNames.jobs(.normal)))
            // The letter still exists, as if the process had died here.
            let ended = try await fixture.longhaul("redrive", "--all")
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(try await fixture.letters().isEmpty)
            let ids = try await fixture.bodies(QueueNames.jobs(.normal)).map { try JobMessage.decode(Array($0.utf8)).id }
            // The same job twice: the intake admits it once.
            #expect(ids == [JobID("forgotten"), JobID("forgotten")])
        }
    }

    @Test("a letter that is ahead of its job waits for it") func ahead() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.admit("ending", failed: false)
            try await fixture.putJob("ending", ago: 0)
            let letter = try #require(try await fixture.letters().first)
            async let outcome = fixture.redrive.putBack(letter)
            try await fixture.admit("ending", failed: true)
            guard case .retried = try await outcome else {
                Issue.record("the job became FAILED and was not retried")
                return
            }
        }
    }

    @Test(
        "an interrupted redrive, by a signal or its death, loses nothing and can continue later", arguments: [SIGINT, SIGTERM, SIGKILL])
    func interrupted(signal: Int32) async throws {
        try await LetterFixture.run { fixture in
            let names = (0..<40).map { "job-\($0)" }
            for name in names { try await fixture.putJob(name) }
            let process = try fixture.installation.start(["dead-letters", "redrive", "--all", "--rate", "20/s"])
            try await eventually(within: .seconds(30), "a few jobs to be back") { try await fixture.depth(QueueNames.jobs(.normal)) >= 5 }
            process.send(signal)
            let ended = try await process.end(within: .seconds(20))
            #expect(ended.status == (signal == SIGKILL ? SIGKILL : 130))
            if signal != SIGKILL { #expect(ended.errors.contains("interrupted; the other letters have not changed")) }
            try await eventually(within: .seconds(20), "all work to be in one place or the other") {
                let letters = try await fixture.letters().compactMap(\.job?.text)
                let jobs = try await fixture.bodies(QueueNames.jobs(.normal)).compactMap { try JobMessage.decode(Array($0.utf8)).id.text }
                return !letters.isEmpty && Set(letters + jobs) == Set(names)
            }
            let rest = try await fixture.longhaul("redrive", "--all", "--rate", "1000/s")
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(try await fixture.letters().isEmpty)
            let jobs = try await fixture.bodies(QueueNames.jobs(.normal)).compactMap { try JobMessage.decode(Array($0.utf8)).id.text }
            #expect(Set(jobs) == Set(names))
            // At most the one in progress came twice.
            #expect(jobs.count <= names.count + 1)
        }
    }

    @Test("redrive handles only the letters selected by filters and ids") func choice() async throws {
        try await LetterFixture.run { fixture in
            for name in ["a", "b", "c"] { try await fixture.putJob(name, reason: "reason-\(name)") }
            let id = try #require(try await fixture.letters().first { $0.job == JobID("a") }?.id)
            #expect(try await fixture.longhaul("redrive", id).output == "1 letter: 1 published again\n")
            #expect(try await fixture.longhaul("redrive", "--reason", "reason-b").status == 0)
            #expect(try await fixture.letters().map(\.reason) == ["reason-c"])
            #expect(try await fixture.depth(QueueNames.jobs(.normal)) == 2)
        }
    }

    @Test("messages that the broker dead-lettered are redriven too") func brokerDeath() async throws {
        try await LetterFixture.run { fixture in
            let request = JobRequest(id: try #require(JobID("poison")), provider: "acme")
            try await fixture.put(OutgoingMessage(routingKey: QueueNames.jobs(.low), body: try JobMessage.encode(request)))
            for _ in 0...Topology.deliveryLimit { _ = try await fixture.bodies(QueueNames.jobs(.low)) }
            try await eventually(within: .seconds(20), "the broker to move it") { try await fixture.depth(QueueNames.deadJobs) == 1 }
            let letter = try #require(try await fixture.letters().first)
            #expect(letter.kind == .broker)
            #expect(letter.reason == "delivery-limit")
            #expect(letter.attempts == 21)
            #expect(letter.originalQueue == QueueNames.jobs(.low))
            #expect(letter.job == JobID("poison"))
            #expect(try await fixture.longhaul("redrive", "--reason", "delivery-limit").status == 0)
            #expect(try await fixture.depth(QueueNames.jobs(.low)) == 1)
        }
    }

    @Test("discard removes the selected letters and nothing else") func discard() async throws {
        try await LetterFixture.run { fixture in
            for name in ["a", "b", "c"] { try await fixture.putJob(name, reason: "reason-\(name)") }
            let ended = try await fixture.longhaul("discard", "--reason", "reason-b", "--yes", "--json")
            #expect(try ended.objects().compactMap { $0["exportJobId"] as? String } == ["b"])
            #expect(try await fixture.letters().map(\.reason).sorted() == ["reason-a", "reason-c"])
            #expect(try await fixture.longhaul("discard", "--all", "--yes").output == "2 letters: 2 discarded\n")
            #expect(try await fixture.depth(QueueNames.deadJobs) == 0)
            #expect(try await fixture.depth(QueueNames.jobs(.normal)) == 0)
        }
    }
}

@Suite("A pacer") struct PacerTests {
    @Test("spaces evenly and does not catch up") func spacing() {
        var pacer = Pacer(rate: 10)
        let start = ContinuousClock.now
        #expect((0..<3).map { _ in pacer.delay(at: start) } == [.zero, .milliseconds(100), .milliseconds(200)])
        let late = start + .seconds(60)
        #expect((0..<2).map { _ in pacer.delay(at: late) } == [.zero, .milliseconds(100)])
    }

    @Test("reads rates", arguments: [("50/s", 50.0), ("30/m", 0.5), ("7", 7), ("36/h", 0.01)])
    func rates(text: String, rate: Double) { #expect(Pacer.rate(text) == rate) }

    @Test("rejects invalid rates", arguments: ["", "0", "-1/s", "x/s", "5/d", "inf", "nan", "1e9/s", "1/s/s", "/"])
    func noRates(text: String) { #expect(Pacer.rate(text) == nil) }
}
