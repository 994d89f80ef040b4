import Testing

@testable import Sandbox

@Suite("Options")
struct OptionTests {
    @Test(
        "distributions are parsed from text",
        arguments: [
            ("5s", Distribution.Shape.fixed(5)), ("fixed:1500ms", .fixed(1.5)), ("uniform:2s..30s", .uniform(2, 30)),
            ("lognormal:median=10s,sigma=0.5", .lognormal(median: 10, sigma: 0.5, max: 30 * 86_400)),
            ("lognormal:sigma=1,median=1m,max=1h", .lognormal(median: 60, sigma: 1, max: 3600)),
            ("bimodal:3s,60s,0.2", .bimodal(3, 60, share: 0.2)), ("2d", .fixed(172_800)),
        ])
    func distributions(text: String, shape: Distribution.Shape) throws {
        #expect(try Distribution(parsing: text, quantity: .duration, option: "duration").shape == shape)
    }

    @Test("sizes and counts have their own suffixes")
    func quantities() throws {
        let bytes = try Distribution(parsing: "uniform:10KB..1MiB", quantity: .bytes, option: "bytes")
        #expect(bytes.shape == .uniform(10_000, 1_048_576))
        #expect(try Distribution(parsing: "uniform:1..5", quantity: .count, option: "files").shape == .uniform(1, 5))
        #expect(throws: SandboxOptionError.self) { try Distribution(parsing: "1.5", quantity: .count, option: "files") }
        #expect(throws: SandboxOptionError.self) { try Distribution(parsing: "5s", quantity: .bytes, option: "bytes") }
    }

    @Test(
        "an invalid value is rejected in one line that names the option and the value",
        arguments: [
            ("duration", "5 parsecs"), ("duration", "-5s"), ("duration", "uniform:9s..2s"), ("duration", "uniform:9s"),
            ("duration", "lognormal:median=10s"), ("duration", "lognormal:mean=10s,sigma=1"), ("duration", "bimodal:1s,2s"),
            ("duration", "bimodal:1s,2s,1.5"), ("duration", "poisson:3s"), ("duration", ""), ("duration", "9999d"),
            ("files", "100001"), ("port", "70000"), ("seed", "-1"), ("fault", "500"), ("fault", "500=150%"), ("fault", "500=1.5"),
            ("fault", "504=0.1"), ("fault", "create:corruptBody=1"), ("fault", "create:htmlPage=1"),
            ("fault", "files:oddCoding=1"), ("late-links", "soon"), ("compression", "gzip,rar"), ("compression", ""),
            ("checksums", "crc"), ("retry-after", "soon"), ("public-url", "files.example"), ("page-size", "0"),
            ("refresh-grace", "5s"), ("session-lifetime", "soon"), ("fault", "signIn:corruptBody=1"), ("nonsense", "1"),
        ])
    func badValues(option: String, value: String) {
        var configuration = SandboxConfiguration()
        let error = #expect(throws: SandboxOptionError.self) { try configuration.set(option, to: value) }
        #expect(error?.option == option && error?.value == value)
        #expect(error?.description.hasPrefix("\(option)=\(value): ") == true)
        #expect(error?.description.contains("\n") == false)
    }

    @Test("every documented option can be set, and its documented default is the default")
    func documentedOptions() throws {
        let values = [
            "host": "0.0.0.0", "port": "8080", "loops": "2", "seed": "9", "token": "t", "public-url": "http://a", "log": "/x",
            "compression": "zip", "fault": "500=5%", "checksums": "none", "expired-status": "410",
            "refresh-grace": "first-use",
        ]
        for option in SandboxOption.all {
            var configuration = SandboxConfiguration()
            try configuration.set(option.name, to: values[option.name] ?? "3")
        }
        #expect(Set(SandboxOption.all.map(\.name)).count == SandboxOption.all.count)
        var configuration = SandboxConfiguration()
        try configuration.set("duration", to: "uniform:2s..30s")
        try configuration.set("files", to: "uniform:1..5")
        try configuration.set("bytes", to: "lognormal:median=64KiB,sigma=1,max=16MiB")
        let usual = SandboxConfiguration()
        #expect(configuration.duration == usual.duration && configuration.files == usual.files)
        #expect(configuration.bytesPerFile == usual.bytesPerFile)
    }

    @Test("fault rules distinguish rates, percentages and first requests")
    func faultRules() throws {
        #expect(try FaultRule(parsing: "500=0.05") == FaultRule(.serverError, .rate(0.05)))
        #expect(try FaultRule(parsing: "status:429=10%") == FaultRule(.tooManyRequests, .rate(0.1), at: .status))
        #expect(try FaultRule(parsing: "corruptBody=2") == FaultRule(.corruptBody, .first(2)))
        #expect(try FaultRule(parsing: "download:429-odd=3") == FaultRule(.oddTooManyRequests, .first(3), at: .download))
        #expect(try FaultRule(parsing: "hang=0") == FaultRule(.hang, .first(0)))
    }

    @Test("an address in use is one clear error")
    func takenPort() async throws {
        try await RunningSandbox.with { sandbox in
            var configuration = SandboxConfiguration()
            configuration.port = sandbox.http.port
            let error = await #expect(throws: SandboxError.self) { try await SandboxServer(configuration).start() }
            guard case .cannotListen("127.0.0.1", sandbox.http.port, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("a log that cannot be opened is one clear error")
    func badLog() async throws {
        var configuration = SandboxConfiguration()
        configuration.eventLog = "/nonexistent/log"
        let error = await #expect(throws: SandboxError.self) { try await SandboxServer(configuration).start() }
        #expect(error == .cannotOpenLog(path: "/nonexistent/log", cause: "No such file or directory"))
    }
}
