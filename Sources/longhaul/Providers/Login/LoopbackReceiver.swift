import Hummingbird
import Logging
import ProviderAPI
import ServiceLifecycle

/// Receives the request that a browser makes after a person has signed in (RFC 8252, section 7.3).
struct LoopbackReceiver {
    /// 0 chooses a free one.
    let port: Int
    let path: String
    let timeout: Duration

    private enum Event: Sendable {
        case listening(port: Int)
        case answered([String: String], CheckedContinuation<String, Never>)
        case failed(String)
        case timedOut
    }

    /// The last page gets this long to reach the browser.
    private static let farewell = Duration.seconds(3)

    /// - Parameters:
    ///   - begin: shows the person where to sign in; it is told the address that the browser comes back to.
    ///   - finish: exchanges the code.
    /// - Throws: a `Problem`: the port is taken, the person has refused, nobody came; what `begin` and `finish` throw.
    func run<Value: Sendable>(
        _ begin: @escaping @Sendable (_ redirect: String) async throws -> Login,
        finish: @escaping @Sendable (_ login: Login, _ code: String) async throws -> Value
    ) async throws -> Value {
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        let services = services(sink)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                do { try await services.run() } catch { sink.yield(.failed("\(error)")) }
                sink.finish()
            }
            group.addTask { [timeout] in
                try await Task.sleep(for: timeout)
                sink.yield(.timedOut)
            }
            let outcome: Result<Value, any Error>
            do {
                outcome = .success(try await value(of: events, begin, finish))
            } catch {
                outcome = .failure(error)
            }
            await services.triggerGracefulShutdown()
            for await event in events {
                if case .answered(_, let page) = event { page.resume(returning: "This sign-in has ended.") }
            }
            return try outcome.get()
        }
    }

    private func value<Value: Sendable>(
        of events: AsyncStream<Event>, _ begin: (_ redirect: String) async throws -> Login,
        _ finish: (_ login: Login, _ code: String) async throws -> Value
    ) async throws -> Value {
        var login: Login?
        for await event in events {
            switch event {
            case .listening(let port): login = try await begin("http://127.0.0.1:\(port)\(path)")
            case .answered(let answer, let page):
                // Another page of the browser may ask too.
                let code = answer["code"] ?? ""
                guard let started = login, answer["state"] == started.state, answer["error"] != nil || !code.isEmpty else {
                    page.resume(returning: "This is not the sign-in that longhaul waits for. Open the page that it has printed.")
                    continue
                }
                if let error = answer["error"] {
                    page.resume(returning: "The sign-in was refused. You can close this page.")
                    throw Self.refusal(error, answer["error_description"])
                }
                do {
                    let value = try await finish(started, code)
                    page.resume(returning: "Signed in. You can close this page.")
                    return value
                } catch {
                    page.resume(returning: "The sign-in failed; longhaul says why. You can close this page.")
                    throw error
                }
            case .failed(let cause): throw Problem.unavailable("cannot listen on port \(port) of this machine: \(cause); give --port")
            case .timedOut: throw Problem.failed("nobody signed in within \(timeout); run the command again")
            }
        }
        throw Problem.failed("the sign-in was interrupted")
    }

    private func services(_ sink: AsyncStream<Event>.Continuation) -> ServiceGroup {
        let router = Router()
        router.get(RouterPath(path)) { request, _ in
            let pairs = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
            let answer = Dictionary(pairs) { first, _ in first }
            let text = await withCheckedContinuation { page in
                // Nobody waits any more.
                if case .terminated = sink.yield(.answered(answer, page)) { page.resume(returning: "This sign-in has ended.") }
            }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .connection: "close"],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in sink.yield(.listening(port: channel.localAddress?.port ?? 0)) }, logger: Terminal.quietLogger)
        var configuration = ServiceGroupConfiguration(services: [.init(service: application)], logger: Terminal.quietLogger)
        configuration.maximumGracefulShutdownDuration = Self.farewell
        return ServiceGroup(configuration: configuration)
    }

    private static func refusal(_ error: String, _ description: String?) -> Problem {
        let words = [error, description].compactMap(\.self).map { OneLine.text($0).prefix(300) }.joined(separator: ": ")
        return Problem.failed("the sign-in was refused: \(words)")
    }
}
