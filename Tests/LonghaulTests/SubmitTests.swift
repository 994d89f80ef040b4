import ExportCore
import Foundation
import JobMessages
import JobStore
import RabbitMQ
import TestServers
import Testing

@testable import longhaul

@Suite("longhaul submit", .needsServers) struct SubmitTests {
    /// An installation whose orchestrators, if they ran, would know `acme` and `zeta`.
    private static func run(_ body: (LetterFixture) async throws -> Void) async throws {
        try await LetterFixture.run { fixture in
            try await Membership(redis: fixture.connection.redis, name: "test").report(providers: ["acme": nil, "zeta": nil])
            try await body(fixture)
        }
    }

    private static func submit(_ fixture: LetterFixture, _ arguments: String...) async throws -> ChildProcess.Ended {
        try await fixture.installation.start(["submit"] + arguments).end(within: Installation.deadline)
    }

    private static func submitted(_ fixture: LetterFixture) async throws -> [String] {
        try await fixture.bodies(QueueNames.jobs(.normal)).map { try JobMessage.decode(Array($0.utf8)).id.text }
    }

    @Test("submit refuses a member that job messages do not have, with the nearest one") func unknownMember() async throws {
        #expect(throws: JobMessageError.self) {
            try JobLine(source: "", number: nil, text: #"{"provider":"p","paramters":{"a":1}}"#).request()
        }
        do throws(JobMessageError) {
            _ = try JobLine(source: "", number: nil, text: #"{"provider":"p","paramters":{"a":1}}"#).request()
        } catch {
            #expect(error.message == #"unknown member "paramters"; did you mean "parameters"?"#)
        }
    }

    @Test("refuses parameters that the provider's file does not allow, with every reason, and shows what it allows") func parameters()
        async throws
    {
        try await Self.run { fixture in
            let schema =
                #"{"required":["report"],"additionalProperties":false,"properties":{"report":{"type":"string","description":"which"},"limit":{"type":"integer","default":10}}}"#
            try await Membership(redis: fixture.connection.redis, name: "test").report(providers: ["acme": schema, "zeta": nil])
            let wrong = try await Self.submit(fixture, "acme", "-p", "limit=many")
            #expect(wrong.status == 64)
            let problem = try wrong.problem()
            #expect(
                problem.contains("parameters.report is missing (which); parameters.limit must be a whole number, not text"), "\(problem)")
            #expect(problem.contains("longhaul provider show acme"))
            #expect(try await Self.submit(fixture, "acme", "--id", "a", "-p", "report=x").status == 0)
            #expect(try await Self.submit(fixture, "zeta", "--id", "b", "-p", "anything=x").status == 0)
            #expect(try await Self.submitted(fixture) == ["a", "b"])
            let shown = try await fixture.installation.longhaul("provider", "show", "acme")
            #expect(
                shown.output.contains(#/report +string +yes +which/#) && shown.output.contains(#/limit +integer +10/#), "\(shown.output)")
            let json = try await fixture.installation.longhaul("provider", "show", "acme", "--json").objects().first
            #expect((json?["parameters"] as? [[String: Any]])?.count == 2)
            #expect(try await fixture.installation.longhaul("provider", "show", "acmee").status == 64)
        }
    }

    @Test("refuses a provider that no running orchestrator knows, and suggests the nearest") func unknownProvider() async throws {
        try await Self.run { fixture in
            let near = try await Self.submit(fixture, "acmee")
            #expect(near.status == 64)
            #expect(try near.problem().contains(#"did you mean "acme"?"#))
            let far = try await Self.submit(fixture, "something-else")
            #expect(far.status == 64)
            #expect(try far.problem().contains("known are acme, zeta"))
            #expect(try await Self.submitted(fixture).isEmpty)
            #expect(try await Self.submit(fixture, "something-else", "--id", "a", "--no-check").status == 0)
            #expect(try await Self.submitted(fixture) == ["a"])
        }
    }

    @Test("submits with a warning if nobody has reported providers, or the store cannot be reached") func unchecked() async throws {
        try await LetterFixture.run { fixture in
            let none = try await Self.submit(fixture, "anything", "--id", "a")
            #expect(none.status == 0)
            #expect(try none.problem().contains("warning: provider anything was not checked, because no orchestrator is running"))
            let down = try await fixture.installation.longhaul(
                "submit", "anything", "--id", "b", setting: ["LONGHAUL_REDIS_URL": "redis://127.0.0.1:9/0"])
            #expect(down.status == 0 && down.output == "b\n")
            #expect(try down.problem().contains("warning: providers and ids were not checked"))
            #expect(try await Self.submitted(fixture) == ["a", "b"])
        }
    }

    @Test("says that an identical job exists, and refuses the id of another job") func knownID() async throws {
        try await Self.run { fixture in
            try await fixture.admit("a", failed: false)
            let same = try await Self.submit(fixture, "acme", "-p", "report=orders", "--id", "a")
            #expect(same.status == 0 && same.output == "a\n")
            #expect(try same.problem().contains("job a exists already with the same request and is PENDING"))
            let other = try await Self.submit(fixture, "acme", "-p", "report=secret", "--id", "a")
            #expect(other.status == 1)
            #expect(try other.problem().contains("parameters.report"))
            #expect(!other.errors.contains("secret"))
            #expect(try await Self.submitted(fixture).isEmpty)
        }
    }

    @Test("--from reports every faulty line with its number, and submits nothing") func faultyLines() async throws {
        try await Self.run { fixture in
            try await fixture.admit("known", failed: false)
            let lines = [
                #"{"provider":"acme","exportJobId":"a"}"#, #"{"provider":"zetta"}"#, "", #"{"provider":"acme","parameters":7}"#, "{",
                #"{"provider":"acme","exportJobId":"known","tenant":"other"}"#, #"{"provider":"acme","exportJobId":"a","tenant":"b"}"#,
            ]
            let file = try fixture.installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
            let ended = try await Self.submit(fixture, "--from", file)
            #expect(ended.status == 64)
            let errors = ended.errors.split(separator: "\n").map(String.init)
            try #require(errors.count == 6, "\(ended.errors)")
            for (place, part) in [
                ("line 2", #"did you mean "zeta"?"#), ("line 4", "parameters must be an object"), ("line 5", "not JSON"),
                ("line 6", "tenant"), ("line 7", "names another job in line 1"),
            ] {
                #expect(errors.contains { $0.contains("jobs.ndjson, \(place): ") && $0.contains(part) }, "\(place): \(ended.errors)")
            }
            #expect(errors.last == "longhaul: 5 of 6 jobs are faulty; nothing was submitted")
            #expect(try await Self.submitted(fixture).isEmpty)
        }
    }

    @Test("--from skips jobs that exist already, and reads pipes as well as files") func repeated() async throws {
        try await Self.run { fixture in
            let lines = (0..<700).map { #"{"provider":"acme","exportJobId":"job-\#($0)"}"# }
            let requests = try lines.prefix(300).map { try JobMessage.decode(Array($0.utf8)) }
            _ = try await fixture.store.admit(requests, watchdog: .seconds(60))
            let file = try fixture.installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
            let program = Installation.program
            let piped = try ChildProcess.start(
                "/bin/bash",
                ["-c", "cat '\(file)' | '\(program)' submit --from - && '\(program)' submit --no-check --from <(head -n 2 '\(file)')"],
                environment: fixture.installation.environment)
            let ended = try await piped.end(within: Installation.deadline)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.errors.contains("300 of 700 jobs exist already and were not submitted again"))
            #expect(ended.output.split(separator: "\n").count == 702)
            #expect(try await fixture.depth(QueueNames.jobs(.normal)) == 402)
        }
    }

    @Test("--wait does not follow another job that has the same id") func conflictWhileWaiting() async throws {
        try await Self.run { fixture in
            for name in ["a", "b"] { try await fixture.admit(name, failed: false) }
            let other = try await Self.submit(
                fixture, "acme", "-p", "report=other", "--id", "a", "--no-check", "--wait", "--timeout", "40s")
            #expect(other.status == 1)
            #expect(other.output.contains("conflict: another job has this exportJobId"), "\(other.errors)")
            let json = try await Self.submit(
                fixture, "acme", "-p", "report=other", "--id", "a", "--no-check", "--wait", "--timeout", "40s", "--json")
            #expect(try json.objects().first?["reason"] as? String == "conflict")
            let same = try await Self.submit(
                fixture, "acme", "-p", "report=orders", "--id", "b", "--no-check", "--wait", "--timeout", "1s")
            #expect(same.errors.contains("1 of 1 jobs have not ended within --timeout"), "\(same.errors)")
        }
    }

    @Test("sends parameters as they are written, with all digits of their numbers") func digits() async throws {
        try await Self.run { fixture in
            let ended = try await Self.submit(
                fixture, "acme", "--id", "a", "--parameters", #"{ "id": 123456789012345678901, "x": 1.10 }"#, "-p", "y=98765432109876543210"
            )
            #expect(ended.status == 0, "\(ended.errors)")
            let body = try #require(try await fixture.bodies(QueueNames.jobs(.normal)).first)
            #expect(
                try JobMessage.decode(Array(body.utf8)).parameters
                    == #"{"id":123456789012345678901,"x":1.10,"y":98765432109876543210}"#)
        }
    }

    @Test("--from - leaves out what was read of standard input before") func partOfInput() async throws {
        try await Self.run { fixture in
            let lines = ["a header"] + ["a", "b"].map { #"{"provider":"acme","exportJobId":"\#($0)"}"# }
            let file = try fixture.installation.write(lines.joined(separator: "\n"), to: "jobs.ndjson")
            let process = try ChildProcess.start(
                "/bin/bash", ["-c", "{ read -r header; '\(Installation.program)' submit --from -; } < '\(file)'"],
                environment: fixture.installation.environment)
            let ended = try await process.end(within: Installation.deadline)
            #expect(ended.status == 0 && ended.output == "a\nb\n", "\(ended.errors)")
        }
    }

    @Test("--wait and `job` say why a job was not accepted") func refused() async throws {
        try await Self.run { fixture in
            let waiting = try fixture.installation.start(["submit", "acme", "--id", "a", "--wait"])
            try await eventually(within: Installation.deadline, "it is submitted") {
                try await fixture.depth(QueueNames.jobs(.normal)) == 1
            }
            let browser = try await QueueBrowser.open(fixture.settings.rabbitMQ(connectionName: "test"), queue: QueueNames.jobs(.normal))
            let delivery = try #require(try await browser.next(atMost: 1).first)
            try await browser.acknowledge([delivery.tag])
            try await browser.close()
            let error = JobMessageError(code: "unknown-provider", message: "provider acme is unknown; known are beta")
            try await fixture.put(DeadLetter(delivery, error).outgoing(to: QueueNames.deadJobs))
            let ended = try await waiting.end(within: Installation.deadline)
            #expect(ended.status == 1)
            #expect(ended.output.contains("unknown-provider: provider acme is unknown; known are beta"))
            let job = try await fixture.installation.longhaul("job", "a")
            #expect(job.status == 1)
            #expect(try job.problem().contains("unknown-provider: provider acme is unknown; known are beta"))
            let json = try await fixture.installation.longhaul("job", "a", "--json")
            #expect(try (#require(json.objects().first)["deadLetter"] as? [String: Any])?["reason"] as? String == "unknown-provider")
        }
    }

    @Test("and every other command ends quietly when its reader goes") func closedPipe() async throws {
        try await Self.run { fixture in
            let jobs = try (0..<3000).map { try LetterFixture.job("job-\($0)") }
            _ = try await fixture.store.admit(jobs, watchdog: .seconds(60))
            for command in ["jobs --limit 5000", "jobs --limit 5000 --json", "settings", "doctor", "watch --interval 0.1", "--help"] {
                let process = try ChildProcess.start(
                    "/bin/bash", ["-c", "set -o pipefail; '\(Installation.program)' \(command) | head -n 1"],
                    environment: fixture.installation.environment)
                let ended = try await process.end(within: Installation.deadline)
                #expect(ended.errors.isEmpty, "\(command): \(ended.errors)")
                #expect([0, 1, 141].contains(ended.status), "\(command)")
            }
        }
    }
}
