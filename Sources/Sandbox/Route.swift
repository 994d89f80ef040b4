import NIOHTTP1

/// The target of a request.
enum Route {
    case create
    /// A create of an export that begins only with `start`.
    case draft
    case start(Substring)
    case find
    case status(Substring)
    case cancel(Substring)
    case files(Substring)
    /// The path segments after `/v2/files/`.
    case download([Substring])
    case token
    case session
    case truth(Substring?)
    case statistics
    case health
    case unknown
    case wrongMethod(allowed: String)

    init(_ request: APIRequest) {
        let path = request.path
        if path.utf8.starts(with: "/v2/exports/".utf8) {
            self = Self.export(path.dropFirst(12), request.method)
        } else if path == "/v2/exports" {
            switch request.method {
            case .POST: self = .create
            case .GET: self = .find
            default: self = .wrongMethod(allowed: "GET, POST")
            }
        } else if let posting = Self.posting(path) {
            self = request.method == .POST ? posting : .wrongMethod(allowed: "POST")
        } else {
            self = request.method == .GET ? Self.reading(path) : Self.refusing(path)
        }
    }

    private static func export(_ rest: Substring, _ method: HTTPMethod) -> Route {
        guard let slash = rest.utf8.firstIndex(of: UInt8(ascii: "/")) else {
            switch method {
            case .GET: return .status(rest)
            case .DELETE: return .cancel(rest)
            default: return .wrongMethod(allowed: "GET, DELETE")
            }
        }
        switch rest[slash...] {
        case "/files": return method == .GET ? .files(rest[..<slash]) : .wrongMethod(allowed: "GET")
        case "/start": return method == .POST ? .start(rest[..<slash]) : .wrongMethod(allowed: "POST")
        default: return .unknown
        }
    }

    private static func posting(_ path: Substring) -> Route? {
        switch path {
        case "/v2/drafts": .draft
        case "/v2/oauth/token": .token
        case "/v2/sessions": .session
        default: nil
        }
    }

    private static func reading(_ path: Substring) -> Route {
        if path.hasPrefix("/v2/files/") {
            return .download(path.dropFirst(10).split(separator: "/", omittingEmptySubsequences: false))
        }
        if path.hasPrefix("/_sandbox/truth/") { return .truth(path.dropFirst(16)) }
        switch path {
        case "/_sandbox/truth": return .truth(nil)
        case "/_sandbox/stats": return .statistics
        case "/healthz": return .health
        default: return .unknown
        }
    }

    private static func refusing(_ path: Substring) -> Route {
        if case .unknown = reading(path) { return .unknown }
        return .wrongMethod(allowed: "GET")
    }

    var kind: RequestKind {
        switch self {
        case .create: .create
        case .draft: .draft
        case .start: .start
        case .find: .find
        case .status: .status
        case .cancel: .cancel
        case .files: .files
        case .download: .download
        case .token, .session: .signIn
        case .truth: .truth
        case .statistics: .stats
        case .health: .health
        case .unknown, .wrongMethod: .other
        }
    }

    /// Signed links carry their own authorisation, and the control API exposes nothing of value.
    var needsToken: Bool {
        switch self {
        case .create, .draft, .start, .find, .status, .cancel, .files: true
        default: false
        }
    }

    /// Whether the request belongs to the control API, which works during an outage too.
    var isControl: Bool {
        switch self {
        case .truth, .statistics, .health: true
        default: false
        }
    }
}
