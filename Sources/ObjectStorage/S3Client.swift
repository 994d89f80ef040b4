import AWSSignature
import ExportCore
import Glibc
import HTTPClient
import Logging
import Retry
import Synchronization
import TraceContext

/// Signs requests to one bucket, sends them, and retries those that may succeed later.
final class S3Client: Sendable {
    let configuration: S3Configuration
    let logger: Logger
    private let http: HTTPClient
    private let signer: SignatureV4
    private let now: @Sendable () -> Int64
    /// The server's clock minus this machine's, in seconds, once the server has rejected a request for it.
    private let skew = Atomic<Int64>(0)

    init(
        _ configuration: S3Configuration, http: HTTPClient, logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) {
        self.configuration = configuration
        self.http = http
        self.logger = logger
        self.signer = SignatureV4(configuration.credentials, region: configuration.region)
        self.now = now
    }

    struct Call: Sendable {
        /// The operation's name in errors and logs.
        var operation: String
        var method: HTTPMethod
        /// The object's key; `nil` means the bucket itself.
        var fullKey: String?
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
        var payload = SignatureV4.Payload.empty
        var maxAnswerBytes = 4 << 20
        /// Some operations respond with 200 before they finish, and report a failure in the body.
        var tellsErrorsInBody = false
        var attempts = 5
        var firstByte = Duration.seconds(60)
    }

    /// Returns a successful response. Throws every other result, transient ones after `attempts` attempts.
    func send(_ call: Call) async throws(ObjectStorageError) -> HTTPResponse {
        guard let parent = Traces.sampled, let span = S3Span(call, configuration, below: parent) else { return try await send(call, nil) }
        do throws(ObjectStorageError) {
            let response = try await send(call, span)
            span.end(response)
            return response
        } catch {
            span.end(error)
            throw error
        }
    }

    private func send(_ call: Call, _ span: S3Span?) async throws(ObjectStorageError) -> HTTPResponse {
        var attempt = 1
        while true {
            do throws(ObjectStorageError) {
                return try await sendOnce(call, span)
            } catch {
                guard attempt < call.attempts, error.isWorthAnotherAttempt, let delay = Self.delay(attempt, error.retryAfter) else {
                    throw error
                }
                logger.warning("\(error); attempt \(attempt + 1) of \(call.attempts) in \(delay)")
                do { try await Task.sleep(for: delay) } catch {
                    throw ObjectStorageError(.cancelled, call.operation, url(call), "cancelled between two attempts")
                }
                attempt += 1
            }
        }
    }

    private static let backoff = Backoff(base: .milliseconds(400), cap: .seconds(10))

    /// - Returns: `nil` if the server asks for a longer delay than a call allows.
    private static func delay(_ attempt: Int, _ retryAfter: Duration?) -> Duration? {
        let delay = backoff.delay(attempt: attempt - 1)
        guard let retryAfter else { return delay }
        return retryAfter > .seconds(30) ? nil : retryAfter + delay
    }

    /// Seconds since 1970 by the server's clock, as far as it is known.
    func serverTime() -> Int64 { now() + skew.load(ordering: .relaxed) }

    private func url(_ call: Call) -> String { configuration.url(fullKey: call.fullKey) }

    private func sendOnce(_ call: Call, _ span: S3Span?) async throws(ObjectStorageError) -> HTTPResponse {
        let response: HTTPResponse
        var request = request(call)
        if let span { request.trace = RequestTrace(below: span.context, shownURL: request.url) }
        do throws(HTTPError) {
            response = try await http.send(request)
        } catch {
            throw ObjectStorageError(error, operation: call.operation, object: url(call))
        }
        let isError = call.tellsErrorsInBody && S3Document(response.body).has("Error")
        if (200..<300).contains(response.status), !isError { return response }
        let error = S3Failure.error(
            response, operation: call.operation, object: url(call), region: configuration.region, now: now())
        if error.kind == .clockSkew { adoptClock(response) }
        throw error
    }

    private func request(_ call: Call) -> HTTPRequest {
        let path = configuration.path(fullKey: call.fullKey)
        let query = URIEncoding.query(call.query)
        let headers = signer.sign(
            SignatureV4.Request(
                method: call.method.rawValue, host: configuration.host, path: path, query: query, headers: call.headers,
                payload: call.payload),
            secondsSince1970: serverTime())
        let scheme = configuration.isSecure ? "https" : "http"
        // Assume at least 64 KiB/s.
        let whole = call.firstByte + .seconds(60 + call.body.count >> 16)
        return HTTPRequest(
            call.method, "\(scheme)://\(configuration.host)\(path)\(query.isEmpty ? "" : "?\(query)")", headers: headers,
            body: call.method == .get || call.method == .head ? .none : .bytes(call.body),
            timeouts: HTTPTimeouts(queue: .seconds(120), firstByte: call.firstByte, whole: .seconds(120) + whole),
            // The operator configured the endpoint, which may be in a private network.
            maxBodyBytes: call.maxAnswerBytes, egress: .all)
    }

    private func adoptClock(_ response: HTTPResponse) {
        guard let date = response.headers["date"], let server = HTTPDate.seconds(date, now: now()) else { return }
        let difference = server - now()
        skew.store(difference, ordering: .relaxed)
        logger.warning(
            "this machine's clock differs from the storage's by \(difference) s; requests are signed with the storage's time")
    }
}

extension ObjectStorageError {
    /// Whether to retry within the same call. The server's time is adopted after the first rejection.
    fileprivate var isWorthAnotherAttempt: Bool {
        switch kind {
        case .throttled, .unavailable, .connection, .checksum, .clockSkew: true
        default: false
        }
    }
}
