import Foundation
import TestServers
import Testing

@Suite("The provider files of the catalogue", .timeLimit(.minutes(10)))
struct ContractTests {
    private static let program = Installation.program
    private static let deadline = Duration.seconds(60)

    @Test("keep to the contract of their API, and a recording of each replays", arguments: Contract.names)
    func contract(name: String) async throws {
        let contract = try Contract.read(name)
        let folder = FileManager.default.temporaryDirectory.appending(path: "longhaul-contract-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // the system deletes leftovers
        for (number, scenario) in contract.scenarios.enumerated() {
            try await run(contract, scenario, in: folder.appending(path: "\(number)"))
        }
    }

    private func run(_ contract: Contract, _ scenario: Contract.Scenario, in folder: URL) async throws {
        let what = Comment(rawValue: "\(contract.name): \(scenario.name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let server = try ContractServer(contract, scenario)
        let file = "\(folder.path)/\(contract.name).yaml"
        try contract.providerFile(server).write(toFile: file, atomically: true, encoding: .utf8)
        let (environment, secrets) = try contract.secrets()
        let (recording, saved, again) = ("\(folder.path)/recording", "\(folder.path)/saved", "\(folder.path)/again")
        let trial = try await Self.trial(
            [
                file, "--id", "contract-1", "--longest-wait", "0s", "--parameters", scenario.parameters, "--record", recording, "--save",
                saved,
            ],
            environment)
        #expect(server.faults.isEmpty, "\(what)\n\(server.faults.joined(separator: "\n"))\n\(trial.output)\(trial.errors)")
        try judge(trial, scenario, saved, what)
        server.stop()

        let replay = try await Self.trial([file, "--replay", recording, "--save", again], [:])
        try judge(replay, scenario, again, "\(what), replayed")
        // The same requests get the same answers, and the same filters give the same.
        #expect(Self.filters(replay.output) == Self.filters(trial.output), "\(what), replayed")
        try expectNoSecret(secrets, in: [trial.output, trial.errors, replay.output] + Self.texts(in: recording), what)
    }

    private func judge(_ trial: ChildProcess.Ended, _ scenario: Contract.Scenario, _ folder: String, _ what: Comment) throws {
        if let code = scenario.failure {
            #expect(trial.status == 1, "\(what): \(trial.output)\(trial.errors)")
            #expect(trial.output.contains("\(code):") || trial.output.contains("\(code) ("), "\(what): \(code)\n\(trial.output)")
            return
        }
        #expect(trial.status == 0, "\(what): \(trial.output)\(trial.errors)")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        #expect(Set(names) == Set(scenario.files.keys.map { $0.replacing("/", with: "-") }), "\(what)")
        for (name, content) in scenario.files {
            let data = FileManager.default.contents(atPath: "\(folder)/\(name.replacing("/", with: "-"))") ?? Data()
            #expect(data == content, "\(what): \(name): \(String(decoding: data, as: UTF8.self))")
        }
    }

    private func expectNoSecret(_ secrets: [String], in texts: [String], _ what: Comment) throws {
        for secret in secrets { for text in texts { #expect(!text.contains(secret), "\(what): \(secret) in \(text.prefix(3000))") } }
    }

    // MARK: - The program

    private static func trial(_ arguments: [String], _ environment: [String: String]) async throws -> ChildProcess.Ended {
        let own = ["LONGHAUL_EGRESS": "127.0.0.0/8"]
        return try await ChildProcess.start(program, ["provider", "try"] + arguments, environment: own.merging(environment) { $1 })
            .end(within: deadline)
    }

    /// The lines that tell what filters gave. Tokens and times differ.
    private static func filters(_ output: String) -> [String] {
        output.split(separator: "\n").filter { $0.contains(" = ") && $0.hasPrefix("    ") && !$0.contains("***") && !$0.contains("auth.") }
            .map { String($0.prefix(200)) }
    }

    private static func texts(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
            try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
        }
    }
}
