import Hummingbird
import Logging
import ProviderAPI

/// Receives the request that a browser makes after a person has signed in (RFC 8252, section 7.3).
struct LoopbackReceiver {
    /// 0 chooses a free one.
    let port: Int
    let path: String
    let timeout: Duration

    private enum Event: Sendable {
        case listening(port: Int)
        case answered([String: String])
        case failed(String)
        case timedOut
    }

    /// - Parameters:
    ///   - begin: shows the person where to sign in; it is told the address that the browser comes back to.
    ///   - finish: exchanges the code.
    /// - Throws: a `Problem`: the port is taken, the person has refused, nobody came; what `begin` and `finish` throw.
    func run<Value: Sendable>(
        _ begin: @escaping @Sendable (_ redirect: String) async throws -> Login,
        finish: @escaping @Sendable (_ login: Login, _ code: String) async throws -> Value
    ) async throws -> Value {
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        let application = application(sink)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                do { try await application.run() } catch { sink.yield(.failed("\(error)")) }
            }
            group.addTask { [timeout] in
                try await Task.sleep(for: timeout)
                sink.yield(.timedOut)
            }
            var login: Login?
            for await event in events {
                switch event {
                case .listening(let port): login = try await begin("http://127.0.0.1:\(port)\(path)")
                case .answered(let answer):
                    // Another page of the browser may ask too.
                    guard let started = login, answer["state"] == started.state else { continue }
                    if let error = answer["error"] { throw Self.refusal(error, answer["error_description"]) }
                    guard let code = answer["code"], !code.isEmpty else { continue }
                    return try await finish(started, code)
                case .failed(let cause): throw Problem.unavailable("cannot listen on port \(port) of this machine: \(cause); give --port")
                case .timedOut: throw Problem.failed("nobody signed in within \(timeout); run the command again")
                }
            }
            throw Problem.failed("the sign-in was interrupted")
        }
    }

    private func application(_ sink: AsyncStream<Event>.Continuation) -> some ApplicationProtocol {
        let router = Router()
        router.get(RouterPath(path)) { request, _ in
            let pairs = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
            let answer = Dictionary(pairs) { first, _ in first }
            sink.yield(.answered(answer))
            let text = answer["error"] == nil ? "Signed in. You can close this page." : "The sign-in was refused. You can close this page."
            return Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"], body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        return Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in sink.yield(.listening(port: channel.localAddress?.port ?? 0)) }, logger: Terminal.quietLogger)
    }

    private static func refusal(_ error: String, _ description: String?) -> Problem {
        let words = [error, description].compactMap(\.self).map { $0.filter { !$0.isNewline }.prefix(300) }.joined(separator: ": ")
        return Problem.failed("the sign-in was refused: \(words)")
    }
}
