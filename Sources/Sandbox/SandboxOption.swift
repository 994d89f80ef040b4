/// One option of the sandbox, documented where it is defined; the command line's help and the reference come from here.
public struct SandboxOption: Sendable, Equatable {
    /// The name for `SandboxConfiguration.set(_:to:)`, and after `--` on the command line.
    public var name: String
    /// The form of its value.
    public var form: String
    /// What it does, with the default where there is one.
    public var help: String

    private init(_ name: String, _ form: String, _ help: String) {
        self.name = name
        self.form = form
        self.help = help
    }

    /// All options, in the order in which help shows them.
    public static let all: [SandboxOption] = [
        SandboxOption("host", "ADDRESS", "listen at this address (127.0.0.1)"),
        SandboxOption("port", "PORT", "listen at this port, 0 = any free one (0)"),
        SandboxOption("loops", "N", "threads that serve HTTP (1)"),
        SandboxOption("seed", "N", "decides everything random (1)"),
        SandboxOption("token", "TOKEN", "bearer token that requests must carry (none)"),
        SandboxOption("public-url", "URL", "what links begin with (the request's Host)"),
        SandboxOption("log", "FILE", "append creates, cancels and injected faults as NDJSON (none)"),
        SandboxOption("queue", "DISTRIBUTION", "time in IN_QUEUE (0s)"),
        SandboxOption(
            "duration", "DISTRIBUTION",
            "time in IN_PROGRESS: fixed:5s, uniform:2s..30s, lognormal:median=10s,sigma=0.5[,max=5m], bimodal:3s,60s,0.2 "
                + "(uniform:2s..30s)"),
        SandboxOption("files", "DISTRIBUTION", "files an export (uniform:1..5)"),
        SandboxOption("bytes", "DISTRIBUTION", "unpacked bytes a file (lognormal:median=64KiB,sigma=1,max=16MiB)"),
        SandboxOption("entries", "DISTRIBUTION", "entries a zip file (uniform:1..3)"),
        SandboxOption("compression", "none|gzip|zip,…", "how files are packed, of several one is drawn (gzip,zip,none)"),
        SandboxOption(
            "fault", "[POINT:]FAULT=AMOUNT",
            "inject a fault, at a rate (0.05, 5%) or the first N times (2). Faults: "
                + Fault.allCases.map(\.rawValue).joined(separator: ", ")
                + ". Points: create, find, status, files, download, cancel. May be given several times"),
        SandboxOption("page-size", "N", "files a page (100)"),
        SandboxOption("checksums", "sha256|md5,…|none", "checksums that listings tell (sha256)"),
        SandboxOption("link-lifetime", "TIME", "how long a listed link works (5m)"),
        SandboxOption("expired-status", "STATUS", "what an expired link answers (403)"),
        SandboxOption("retry-after", "off|TIME|remaining", "Retry-After of a status that is not final (2s)"),
        SandboxOption("throttle-retry-after", "TIME", "Retry-After of the fault 429 (1s)"),
        SandboxOption("slow-body", "TIME", "how long the fault slowBody spreads a body (10s)"),
        SandboxOption("max-exports", "N", "exports kept, the first finished is dropped (500000)"),
        SandboxOption("max-hanging", "N", "connections that the fault hang holds at most (1000)"),
        SandboxOption("idle-timeout", "TIME", "close a connection without traffic (10m)"),
    ]
}
