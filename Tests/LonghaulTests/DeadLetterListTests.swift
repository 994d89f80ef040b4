import Foundation
import JobMessages
import RabbitMQ
import TestServers
import Testing

@testable import longhaul

@Suite("longhaul dead-letters: list and show", .needsServers) struct DeadLetterListTests {
    private static func filled(_ body: (LetterFixture) async throws -> Void) async throws {
        try await LetterFixture.run { fixture in
            try await fixture.putJob("old", reason: "max-wait-exceeded", ago: 3 * 86_400)
            try await fixture.putJob("other", provider: "other", ago: 7200)
            try await fixture.putJob("new", ago: 60)
            try await fixture.putFile(2, of: "files", ago: 600)
            try await fixture.putMalformed("nonsense")
            try await body(fixture)
        }
    }

    @Test("list shows all letters, oldest first, and counts them by reason; a second run shows the same") func list() async throws {
        try await Self.filled { fixture in
            let first = try await fixture.longhaul("list")
            #expect(first.status == 0, "\(first.errors)")
            let lines = first.output.split(separator: "\n").map(String.init)
            try #require(lines.count == 7, "\(first.output)")
            #expect(lines[0].split(separator: " ").map(String.init) == LetterDescription.columns)
            #expect(lines[1].contains("3d") && lines[1].contains("max-wait-exceeded") && lines[1].contains("old"))
            #expect(lines[3].contains("downloads") && lines[3].contains("10m") && lines[3].contains("checksum-mismatch"))
            #expect(lines[6] == "5 letters: 2 http-403, 1 checksum-mismatch, 1 max-wait-exceeded, 1 not-json")
            #expect(try await fixture.longhaul("list").output == first.output)
        }
    }

    @Test(
        "list filters by queue, provider, reason and age",
        arguments: [
            (["--queue", "downloads"], ["files"]), (["--queue", "jobs", "--provider", "acme"], ["old", "new"]),
            (["--provider", "nobody"], []),
            (["--reason", "http-403"], ["other", "new"]), (["--older-than", "1d"], ["old"]),
            (["--newer-than", "1h", "--provider", "acme"], ["files", "new"]),
            (["--older-than", "1h", "--newer-than", "1d"], ["other"]), (["--limit", "2"], ["old", "other"]),
        ])
    func filters(arguments: [String], names: [String]) async throws {
        try await Self.filled { fixture in
            let ended = try await fixture.installation.start(["dead-letters", "list", "--json"] + arguments).end(
                within: Installation.deadline)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(try ended.objects().compactMap { $0["exportJobId"] as? String } == names)
        }
    }

    @Test("list --json has all headers") func json() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.putJob("a")
            let letter = try #require(try await fixture.longhaul("list", "--json").objects().first)
            #expect(letter["kind"] as? String == "job")
            #expect(letter["originalQueue"] as? String == QueueNames.jobs(.normal))
            #expect(letter["originalRoutingKey"] as? String == QueueNames.jobs(.normal))
            #expect(letter["attempts"] as? Int == 6)
            #expect(letter["explanation"] as? String == "POST /exports answered otherwise than it should")
            let first = try Date(
                #require(letter["firstFailure"] as? String), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            let last = try Date(
                #require(letter["lastFailure"] as? String), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            #expect(abs(last.timeIntervalSince(first) - 30) < 0.01)
        }
    }

    @Test("show shows one letter by its number and by its id, with headers and body") func show() async throws {
        try await Self.filled { fixture in
            let ended = try await fixture.longhaul("show", "1")
            #expect(ended.status == 0, "\(ended.errors)")
            for part in [
                "max-wait-exceeded", "a job that ended FAILED", "from queue    longhaul.jobs.normal", "x-longhaul-attempts: 6",
                "traceparent: 00-1-2-01", "\"report\" : \"orders\"",
            ] {
                #expect(ended.output.contains(part), "\(part)")
            }
            let id = try #require(ended.output.split(separator: "\n").first.map(String.init))
            let byID = try #require(try await fixture.longhaul("show", id, "--json").objects().first)
            #expect(byID["exportJobId"] as? String == "old")
            #expect((byID["body"] as? String)?.contains("\"exportJobId\":\"old\"") == true)
            #expect(try await fixture.longhaul("show", "1", "--queue", "downloads").output.contains("checksum-mismatch"))
        }
    }

    @Test("a body with terminal control characters is shown safely") func hostileBody() async throws {
        try await LetterFixture.run { fixture in
            try await fixture.putMalformed("\u{1B}[2J\u{9B}31m\u{202E}evil\n")
            let ended = try await fixture.longhaul("show", "1")
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.output.contains("evil"))
            #expect(ended.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
            #expect(!ended.output.unicodeScalars.contains("\u{202E}"))
        }
    }

    @Test("a missing or ambiguous letter is reported in one line") func problems() async throws {
        try await LetterFixture.run { fixture in
            #expect(try await fixture.longhaul("list").output == "0 letters\n")
            for (arguments, status, words) in [
                (["show", "1"], 1, "there is no letter 1"), (["show", "0123456789ab"], 1, "there is no letter 0123456789ab"),
                (["show", "x"], 64, "neither a letter id"), (["list", "--older-than", "soon"], 64, "--older-than soon"),
                (["list", "--limit", "0"], 64, "--limit"), (["redrive"], 64, "no letters selected"),
                (["discard", "--yes"], 64, "no letters selected"),
                (["discard", "--all"], 64, "--yes"), (["redrive", "--all", "--rate", "fast"], 64, "--rate fast"),
                (["redrive", "0123456789ab"], 1, "there is no letter 0123456789ab"), (["redrive", "zz"], 64, "\"zz\" is not a letter id"),
                (["redrive", "--all", "0123456789ab"], 64, "cannot be combined"),
            ] {
                let ended = try await fixture.installation.start(["dead-letters"] + arguments).end(within: Installation.deadline)
                #expect(ended.status == Int32(status), "\(arguments)")
                #expect(try ended.problem().contains(words), "\(arguments)")
            }
            try await fixture.administrator.delete(queue: QueueNames.deadDownloads)
            let missing = try await fixture.longhaul("list")
            #expect(missing.status == 69)
            #expect(try missing.problem().contains("run `longhaul setup`"))
        }
    }
}
