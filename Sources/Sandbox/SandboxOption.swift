/// One option of the sandbox, documented where it is defined. The command line help is generated from this list.
public struct SandboxOption: Sendable, Equatable {
    /// The name, for `SandboxConfiguration.set(_:to:)` and after `--` on the command line.
    public var name: String
    /// The form of its value.
    public var form: String
    /// What it does, with its default.
    public var help: String

    private init(_ name: String, _ form: String, _ help: String) {
        self.name = name
        self.form = form
        self.help = help
    }

    /// All options, in help order.
    public static let all: [SandboxOption] = [
        SandboxOption("host", "ADDRESS", "address to listen on (127.0.0.1)"),
        SandboxOption("port", "PORT", "port to listen on; 0 uses any free port (0)"),
        SandboxOption("loops", "N", "threads that serve HTTP (1)"),
        SandboxOption("seed", "N", "seed for everything random; the same seed repeats a run (1)"),
        SandboxOption("token", "TOKEN", "bearer token that requests must send (none)"),
        SandboxOption(
            "refresh-token", "TOKEN",
            "the first refresh token that POST /v2/oauth/token takes (RFC 6749, section 6); each is valid once, and the answer has the next "
                + "one. Requests must then send an access token (none)"),
        SandboxOption("access-lifetime", "TIME", "expires_in of access tokens (1h)"),
        SandboxOption(
            "refresh-grace", "none|first-use",
            "how long a used refresh token stays valid, for clients that lost the answer: not at all, or until a token of the answer is used "
                + "(none)"),
        SandboxOption(
            "personal-token", "TOKEN",
            "the personal token that POST /v2/sessions exchanges for a bearer token. Requests must then send one (none)"),
        SandboxOption("session-lifetime", "TIME", "how long such a bearer token lives (5m)"),
        SandboxOption("sign-in-time", "TIME", "how long the answer of a sign-in takes after it has taken effect (0s)"),
        SandboxOption("public-url", "URL", "base URL of file links (the request's Host)"),
        SandboxOption("log", "FILE", "file to append creates, starts, cancels, sign-ins and injected faults to, as NDJSON (none)"),
        SandboxOption("queue", "DISTRIBUTION", "time in IN_QUEUE (0s)"),
        SandboxOption(
            "duration", "DISTRIBUTION",
            "time in IN_PROGRESS: fixed:5s, uniform:2s..30s, lognormal:median=10s,sigma=0.5[,max=5m], bimodal:3s,60s,0.2 "
                + "(uniform:2s..30s)"),
        SandboxOption("files", "DISTRIBUTION", "files per export (uniform:1..5)"),
        SandboxOption("bytes", "DISTRIBUTION", "unpacked bytes per file (lognormal:median=64KiB,sigma=1,max=16MiB)"),
        SandboxOption("entries", "DISTRIBUTION", "entries per zip file (uniform:1..3)"),
        SandboxOption("compression", "none|gzip|zip,…", "file formats; one is drawn per export (gzip,zip,none)"),
        SandboxOption(
            "fault", "[POINT:]FAULT=AMOUNT",
            "inject a fault at a rate (0.05 or 5%) or the first N times (2), such as status:429=10%. Faults: "
                + Fault.allCases.map(\.rawValue).joined(separator: ", ")
                + ". Points: create, start, find, status, files, download, cancel, signIn. Can be repeated"),
        SandboxOption("page-size", "N", "files per page (100)"),
        SandboxOption("checksums", "sha256|md5,…|none", "checksums in listings (sha256)"),
        SandboxOption("link-lifetime", "TIME", "how long a listed link is valid (5m)"),
        SandboxOption("expired-status", "STATUS", "status code for an expired link (403)"),
        SandboxOption("retry-after", "off|TIME|remaining", "Retry-After of a status that is not final (2s)"),
        SandboxOption("throttle-retry-after", "TIME", "Retry-After of the fault 429 (1s)"),
        SandboxOption("slow-body", "TIME", "how much longer the fault slowBody makes a body take (10s)"),
        SandboxOption(
            "late-links", "TIME", "how long after its end the listings of an export that the fault lateLinks has hit lack the links (0s)"),
        SandboxOption("max-exports", "N", "exports kept; beyond it, the one that finished first is dropped (500000)"),
        SandboxOption("max-hanging", "N", "maximum number of connections held by the fault hang (1000)"),
        SandboxOption("idle-timeout", "TIME", "time after which an idle connection is closed (10m)"),
    ]
}
