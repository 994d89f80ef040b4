/// One request on its way, redirects included. Touched on the client's thread alone.
final class Transfer {
    enum Phase { case queued, connecting, sending, receiving, finished }

    enum Caller {
        case send(@Sendable (Result<HTTPResponse, HTTPError>) -> Void)
        case stream(CheckedContinuation<Result<HTTPStream, HTTPError>, Never>)
        /// Answered, or a stream whose reader has its head.
        case answered
    }

    let id: UInt64
    let isStream: Bool
    let maxBodyBytes: Int
    let maxHeaderBytes: Int
    let egress: EgressPolicy
    let begun = Monotonic.now
    let wholeDeadline: UInt64

    /// The one that is being sent; a redirect replaces it.
    var request: HTTPRequest
    var origin: String
    var clientCertificate: ClientCertificate?
    var redirectsLeft: Int
    var upload: Upload?

    var caller: Caller
    /// Waits for the next piece of a stream.
    var reader: CheckedContinuation<Result<[UInt8]?, HTTPError>, Never>?
    /// How it ended, once it has.
    var outcome: Result<Void, HTTPError>?

    var handle: EasyHandle?
    var phase = Phase.queued
    /// When the phase began, or bytes were last seen to move.
    var lastProgress: UInt64
    /// Bytes have moved since the last look at the deadlines.
    var hasProgressed = false
    var uploadedBytes: Int64 = 0

    var status = 0
    var headers = HTTPHeaders()
    var isHeadComplete = false
    var body: [UInt8] = []
    var receivedBytes = 0
    var isPaused = false
    var isTouched = false
    /// Why a callback told libcurl to give up.
    var failure: HTTPError?
    /// The egress policy has refused an address, and none was connected to since.
    var refusal: HTTPError?

    /// A stream that holds this much lets the connection wait.
    static let highWater = 256 << 10
    /// A redirect with a longer body is followed without reading it, at the price of its connection.
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
        if case .follow(let max) = request.redirects { redirectsLeft = max } else { redirectsLeft = -1 }
        let whole = request.timeouts.whole ?? (isStream ? nil : configuration.wholeTimeout)
        wholeDeadline = whole.map { [begun] in begun + $0.nanoseconds } ?? .max
        lastProgress = begun
    }

    var response: HTTPResponse { HTTPResponse(status: status, headers: headers, body: body) }

    /// Whether the response is a redirect that is to be followed: its body is of no interest.
    var isRedirect: Bool {
        redirectsLeft >= 0 && [301, 302, 303, 307, 308].contains(status) && headers["location"] != nil
    }

    func error(_ kind: HTTPError.Kind, _ cause: String) -> HTTPError {
        let mayHaveRun =
            switch phase {
            case .queued, .connecting: false
            case .sending, .receiving, .finished: kind != .refusedAddress
            }
        return HTTPError(kind, request, cause: cause, mayHaveRun: mayHaveRun)
    }

    /// Makes it ready for the next request of a chain of redirects.
    func begin(_ next: HTTPRequest, origin: String) {
        request = next
        self.origin = origin
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
