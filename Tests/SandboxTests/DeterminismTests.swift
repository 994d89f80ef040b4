import Testing

@testable import Sandbox

@Suite("Determinism by seed")
struct DeterminismTests {
    private static let options: KeyValuePairs = [
        "duration": "lognormal:median=10s,sigma=0.8", "fault": "status:500=0.3", "fault": "failedExport=0.2",
        "fault": "corruptBody=0.3", "bytes": "uniform:1KB..20KB",
    ]

    /// The results of a run: for each key, its expected data, its status responses in order and the checksums of its downloads.
    private struct Run: Equatable {
        var ids: [String: String] = [:]
        var durations: [String: Double] = [:]
        var statuses: [String: [Int]] = [:]
        var files: [String: [RunningSandbox.Truth.File]] = [:]
        var downloads: [String: [[UInt8]]] = [:]
    }

    private func run(seed: String, order keys: [String], interleaved: Bool) async throws -> Run {
        var run = Run()
        let options = KeyValuePairs(uniqueOptions: Self.options, seed: seed)
        try await RunningSandbox.with(options) { sandbox in
            for key in keys { run.ids[key] = try await sandbox.create(key: key).id }
            func ask(_ key: String) async throws {
                let answer = try await sandbox.http.get("/v2/exports/\(run.ids[key] ?? "")")
                run.statuses[key, default: []].append(answer.status)
            }
            if interleaved {
                for _ in 1...5 { for key in keys { try await ask(key) } }
            } else {
                for key in keys { for _ in 1...5 { try await ask(key) } }
            }
            sandbox.clock.advance(by: .seconds(86_400))
            for row in try await sandbox.truth() {
                let key = row.idempotencyKey ?? ""
                run.durations[key] = row.readyAt - row.createdAt
                run.files[key] = row.files
                guard row.status == "DONE" else { continue }
                for file in try await sandbox.files(row.id) {
                    run.downloads[key, default: []].append(try await sandbox.http.get(file.target).body)
                }
            }
        }
        return run
    }

    @Test("the same seed and keys give the same run in any order of requests; another seed gives another run")
    func sameSeed() async throws {
        let keys = (1...12).map { "job-\($0)" }
        let first = try await run(seed: "7", order: keys, interleaved: true)
        let second = try await run(seed: "7", order: keys.reversed(), interleaved: false)
        #expect(first == second)
        let other = try await run(seed: "8", order: keys, interleaved: true)
        #expect(first.ids != other.ids && first.durations != other.durations && first.statuses != other.statuses)
        #expect(Set(first.statuses.values.joined()) == [200, 500])
        #expect(first.files.values.contains { $0.isEmpty } && first.files.values.contains { !$0.isEmpty })
    }

    @Test("exports with the same own seed are equal, whatever their keys")
    func ownSeed() async throws {
        try await RunningSandbox.with { sandbox in
            for key in ["a", "b"] { _ = try await sandbox.create(#"{"seed": 5}"#, key: key) }
            _ = try await sandbox.create(#"{"seed": 6}"#, key: "c")
            sandbox.clock.advance(by: .seconds(3600))
            let rows = try await sandbox.truth()
            let byKey = Dictionary(uniqueKeysWithValues: rows.map { ($0.idempotencyKey ?? "", $0.files) })
            #expect(byKey["a"] == byKey["b"])
            #expect(byKey["a"] != byKey["c"])
        }
    }

    @Test("a fault's forms follow each other; the seed's key decides with which one they begin")
    func forms() {
        let plan = FaultPlan([FaultRule(.oddCoding, .rate(1))])
        let begin = (0..<UInt64(200)).map { key in
            let forms = (1...OddCoding.allCases.count).map { occasion in
                plan.decide(at: .download, key: Draw.mix(key), file: 1, occasion: occasion)?.form(OddCoding.self)
            }
            #expect(Set(forms) == Set(OddCoding.allCases))
            return forms[0]
        }
        #expect(Set(begin) == Set(OddCoding.allCases))
    }

    @Test("a rate is met over many requests, and the fault of one request never changes")
    func rates() {
        let plan = FaultPlan([FaultRule(.serverError, .rate(0.05)), FaultRule(.tooManyRequests, .rate(0.1), at: .status)])
        var counts: [Fault?: Int] = [:]
        for key in 0..<20_000 {
            let draw = { plan.decide(at: .status, key: Draw.mix(UInt64(key)), occasion: 1 + key % 7) }
            #expect(draw() == draw())
            counts[draw()?.fault, default: 0] += 1
        }
        #expect((900...1_100).contains(counts[.serverError] ?? 0))
        #expect((1_780...2_020).contains(counts[.tooManyRequests] ?? 0))
    }
}

extension KeyValuePairs<String, String> {
    fileprivate init(uniqueOptions options: KeyValuePairs<String, String>, seed: String) {
        // KeyValuePairs can only be created from a literal.
        self = [
            options[0].key: options[0].value, options[1].key: options[1].value, options[2].key: options[2].value,
            options[3].key: options[3].value, options[4].key: options[4].value, "seed": seed,
        ]
    }
}
