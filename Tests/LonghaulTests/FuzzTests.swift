import EventThread
import ExportCore
import Foundation
import FoundationNetworking
import JobMessages
import RabbitMQ
import Sandbox
import TestServers
import Testing

@testable import longhaul

/// `LONGHAUL_FUZZ` is the number of messages; `LONGHAUL_SEED` repeats a run.
@Suite("Hostile messages", .needsServers, .serialized, .timeLimit(.minutes(25))) struct FuzzTests {
    private static let number = ProcessInfo.processInfo.environment["LONGHAUL_FUZZ"].flatMap { Int($0) } ?? 10_000
    private static let deadline = Duration.seconds(max(300, number / 100))
    private static let good = (0..<10).map { "good-\($0)" }

    /// The published messages and their expected results.
    private struct Expected {
        var deadJobs = 0
        var deadDownloads = 0
        var jobs = good.count
    }

    @Test(
        "of every kind are dead-lettered or ignored, end no process, flood no log and delay no valid job",
        arguments: Seeds.given(else: [1]))
    func fuzz(seed: UInt64) async throws {
        var configuration = SandboxConfiguration()
        configuration.duration = .uniform(0...2)
        configuration.bytesPerFile = .fixed(1000)
        let sandbox = SandboxServer(configuration, logger: Terminal.quietLogger)
        let port = try await sandbox.start()
        try await LetterFixture.run { fixture in
            try fixture.installation.writeProvider(baseURL: "http://127.0.0.1:\(port)")
            let names = ["orchestrator", "worker"]
            let roles = try names.map { try fixture.installation.start([$0], setting: ["LONGHAUL_LOG_FORMAT": "json"]) }
            do {
                try await Self.fuzz(seed, fixture, names, roles)
            } catch {
                for role in roles { role.send(SIGKILL) }
                throw error
            }
        }
        await sandbox.stop()
    }

    private static func fuzz(_ seed: UInt64, _ fixture: LetterFixture, _ names: [String], _ roles: [ChildProcess]) async throws {
        let ports = [try await roles[0].healthPort(), try await roles[1].healthPort()]
        let begun = ContinuousClock.now
        let expected = try await publish(seed, to: fixture)
        try await expectLetters(expected, ports, fixture, "LONGHAUL_SEED=\(seed)")
        try await eventually(within: deadline, "the good jobs are completed") {
            try await fixture.store.jobs(good.compactMap { JobID($0) }).count { $0.state.status == .completed } == good.count
        }
        for (index, role) in roles.enumerated() {
            #expect(try await get(ports[index], "/healthz").status == 200, "\(names[index])")
            role.send(SIGTERM)
            let ended = try await role.end(within: Installation.deadline)
            #expect(
                ended.status == 0, "LONGHAUL_SEED=\(seed): the \(names[index]) ended with \(ended.status): \(ended.errors.suffix(2000))")
            let troubles = ended.errors.split(separator: "\n").count { $0.contains(#""level":"warn"#) || $0.contains(#""level":"error"#) }
            // Each kind of problem is logged once in ten seconds, with the number of suppressed lines.
            let seconds = Int((ContinuousClock.now - begun) / .seconds(1))
            #expect(troubles < 100 + 2 * seconds, "\(troubles) warnings of the \(names[index]) in \(seconds) s")
        }
    }

    private static func publish(_ seed: UInt64, to fixture: LetterFixture) async throws -> Expected {
        var hostile = HostileMessages(seed: seed, jobs: good)
        var expected = Expected()
        for start in stride(from: 0, to: number, by: 200) {
            var batch = (0..<200).map { index in
                let message = index % 5 < 2 ? hostile.job() : index % 5 < 4 ? hostile.download() : hostile.wakes()
                if message.routingKey.hasPrefix("longhaul.jobs") {
                    if Oracle.isJob(message) { expected.jobs += 1 } else { expected.deadJobs += 1 }
                } else if message.routingKey.hasPrefix("longhaul.downloads"), !Oracle.isDownload(message) {
                    expected.deadDownloads += 1
                }
                return message
            }
            let turn = start / (number / good.count)
            if turn < good.count, start % (number / good.count) < 200 {
                let body = #"{"provider":"acme","exportJobId":"\#(good[turn])","parameters":{"files":2}}"#
                batch.append(OutgoingMessage(routingKey: QueueNames.jobs(.normal), body: Array(body.utf8)))
            }
            // The queue of wakes rejects messages over its limit.
            while !batch.isEmpty {
                let outcomes = try await fixture.publisher.publish(all: batch)
                batch = zip(batch, outcomes).filter { $0.1 != .confirmed }.map(\.0)
                if !batch.isEmpty {
                    try await eventually(within: deadline, "wakes are taken") { try await fixture.depth(QueueNames.checks) < 2000 }
                }
            }
        }
        return expected
    }

    private static func expectLetters(_ expected: Expected, _ ports: [Int], _ fixture: LetterFixture, _ seed: String) async throws {
        var seen: [Int] = []
        do {
            try await eventually(within: deadline, "all messages are handled") {
                seen = [
                    try await metric(ports[0], "longhaul_dead_letters_total"), try await metric(ports[1], "longhaul_dead_letters_total"),
                    try await jobsTaken(ports[0]),
                    try await fixture.depth(QueueNames.checks),
                ]
                try await Task.sleep(for: .milliseconds(200))
                // A valid message with the id of another job becomes a letter too.
                return seen[0] >= expected.deadJobs && seen[0] + seen[2] >= expected.deadJobs + expected.jobs
                    && seen[1] >= expected.deadDownloads && seen[3] == 0
            }
        } catch {
            throw TestServersError("\(seed): \(error); dead jobs, dead downloads, jobs, wakes left: \(seen) of \(expected)")
        }
        #expect(try await metric(ports[0], #"longhaul_wakes_total{outcome="malformed"}"#) > number)
        #expect(try await metric(ports[0], #"longhaul_wakes_total{outcome="stale"}"#) > 0)
        for (queue, number) in [(QueueNames.deadJobs, expected.deadJobs), (QueueNames.deadDownloads, expected.deadDownloads)] {
            let isJobs = queue == QueueNames.deadJobs
            let (found, taken) = try await eventually(within: deadline, "\(number) letters in \(queue), \(seed)") {
                let found = try await reasons(queue, fixture)
                let taken = isJobs ? try await jobsTaken(ports[0]) : 0
                return found.values.reduce(0, +) + taken >= number + (isJobs ? expected.jobs : 0) ? (found, taken) : nil
            }
            let conflicts = found["conflict", default: 0]
            if isJobs { #expect(taken + conflicts == expected.jobs, "\(found) \(seed)") }
            #expect(found.values.reduce(0, +) == number + conflicts, "\(queue) \(found) \(seed)")
            let allowed: Set = ["not-json", "too-large", "missing-field", "bad-field", "unknown-provider", "conflict"]
            #expect(Set(found.keys).isSubset(of: allowed), "\(found)")
        }
    }

    private static func jobsTaken(_ port: Int) async throws -> Int {
        try await metric(port, "longhaul_jobs_admitted_total") + metric(port, "longhaul_jobs_known_total")
    }

    /// The number of letters about messages by reason.
    private static func reasons(_ queue: String, _ fixture: LetterFixture) async throws -> [String: Int] {
        let browser = try await QueueBrowser.open(fixture.settings.rabbitMQ(connectionName: "test"), queue: queue)
        var reasons: [String: Int] = [:]
        while true {
            let letters = try await browser.next(atMost: 1000)
            if letters.isEmpty { break }
            for letter in letters where letter.properties.headers[DeadLetter.kindHeader]?.text == "message" {
                reasons[letter.properties.headers[DeadLetter.reasonHeader]?.text ?? "none", default: 0] += 1
            }
        }
        try await browser.close()
        return reasons
    }

    /// The sum of all series whose line starts with the prefix.
    private static func metric(_ port: Int, _ name: String) async throws -> Int {
        let text = String(decoding: try await get(port, "/metrics").body, as: UTF8.self)
        return text.split(separator: "\n").filter { $0.hasPrefix(name) }.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
            .reduce(0) { $0 + Int($1) }
    }

    private static func get(_ port: Int, _ path: String) async throws -> (status: Int, body: Data) {
        let (data, response) = try await URLSession.shared.data(from: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        return (try #require(response as? HTTPURLResponse).statusCode, data)
    }
}
