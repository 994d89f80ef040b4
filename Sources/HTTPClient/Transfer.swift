/// One request in progress, including redirects. Used only on the client's thread.
final class Transfer {
    enum Phase { case queued, connecting, sending, receiving, finished }

    enum Caller {
        case send(@Sendable (Result<HTTPResponse, HTTPError>) -> Void)
        case stream(CheckedContinuation<Result<HTTPStream, HTTPError>, Never>)
        /// The caller has its response, or the head of a stream.
        case answered
    }

    let id: UInt64
    let isStream: Bool
    let maxBodyBytes: Int
    let maxHeaderBytes: Int
    let egress: EgressPolicy
    let begun = Monotonic.now
    let wholeDeadline: UInt64

    /// The current request; a redirect replaces it.
    var request: HTTPRequest
    var origin: String
    var clientCertificate: ClientCertificate?
    /// Which proxy the request takes.
    let proxyRules: ProxyRules
    var proxy: String?
    var redirectsLeft: Int
    var upload: Upload?
    /// If its trace is recorded.
    var span: RequestSpan?

    var caller: Caller
    /// The reader that waits for the next chunk of a stream.
    var reader: CheckedContinuation<Result<[UInt8]?, HTTPError>, Never>?
    /// The outcome, once the transfer has ended.
    var outcome: Result<Void, HTTPError>?

    var handle: EasyHandle?
    var phase = Phase.queued
    /// When the phase began, or when bytes last moved.
    var lastProgress: UInt64
    /// Whether bytes have moved since the last deadline check.
    var hasProgressed = false
    var uploadedBytes: Int64 = 0

    var status = 0
    var headers = HTTPHeaders()
    var isHeadComplete = false
    var body: [UInt8] = []
    var receivedBytes = 0
    var isPaused = false
    var isTouched = false
    /// The reason why a callback made libcurl abort.
    var failure: HTTPError?
    /// Set if the egress policy refused an address and no connection was made since.
    var refusal: HTTPError?

    /// A stream with this many unread bytes pauses its connection.
    static let highWater = 256 << 10
    /// A redirect with a longer body is followed without reading it, which costs the connection.
    static let longestDiscarded = 64 << 10

    init(_ id: UInt64, _ request: HTTPRequest, origin: String, caller: Caller, _ configuration: HTTPClientConfiguration) {
        self.id = id
        self.request = request
        self.origin = origin
        self.caller = caller
        if case .stream = caller { isStream = true } else { isStream = false }
        maxBodyBytes = request.maxBodyBytes ?? (isStream ? .max : configuration.maxBodyBytes)
        maxHeaderBytes = configuration.maxHeaderBytes
        egress = request.egress ?? configuration.egress
        clientCertificate = request.clientCertificate ?? configuration.clientCertificate
        proxyRules = request.proxy ?? configuration.proxy
        proxy = proxyRules.proxy(for: origin)
        redirectsLeft =
            switch request.redirects {
            case .refuse: -1
            case .follow(let max), .followKeepingMethod(let max): max
            }
        let whole = request.timeouts.whole ?? (isStream ? nil : configuration.wholeTimeout)
        wholeDeadline = whole.map { [begun] in begun + $0.nanoseconds } ?? .max
        lastProgress = begun
    }

    var response: HTTPResponse { HTTPResponse(status: status, headers: headers, body: body, url: request.url) }

    /// Whether the response is a redirect to follow; its body is then ignored.
    var isRedirect: Bool {
        redirectsLeft >= 0 && request.redirects.follows(status) && headers["location"] != nil
    }

    func error(_ kind: HTTPError.Kind, _ cause: String) -> HTTPError {
        let mayHaveRun =
            switch phase {
            case .queued, .connecting: false
            case .sending, .receiving, .finished: kind != .refusedAddress
            }
        return HTTPError(kind, request, cause: cause, mayHaveRun: mayHaveRun)
    }

    /// Prepares the transfer for the next request of a redirect chain.
    func begin(_ next: HTTPRequest, origin: String) {
        request = next
        self.origin = origin
        proxy = proxyRules.proxy(for: origin)
        redirectsLeft -= 1
        phase = .queued
        lastProgress = Monotonic.now
        hasProgressed = false
        uploadedBytes = 0
        upload = nil
        isHeadComplete = false
        status = 0
        headers.removeAll()
        body.removeAll()
        receivedBytes = 0
        failure = nil
        refusal = nil
    }
}
