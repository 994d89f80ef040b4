import Archive
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// The connection of one client: reads a request and writes its response. Handles one request at a time; pipelined requests wait.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let api: SandboxAPI
    private let makers: FileMakers
    private let logger: Logger
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var isTooLarge = false
    private var isHanging = false

    /// The maximum size of a request body in bytes; an order is far smaller.
    private static let maxBody = 65_536

    init(api: SandboxAPI, makers: FileMakers, logger: Logger) {
        self.api = api
        self.makers = makers
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
            isTooLarge = false
        case .body(var part):
            isTooLarge = isTooLarge || body.readableBytes + part.readableBytes > Self.maxBody
            if !isTooLarge { body.writeBuffer(&part) }
        case .end:
            guard let head else { return }
            self.head = nil
            let request = APIRequest(head: head, body: body)
            let answer =
                isTooLarge
                ? .response(.error(.payloadTooLarge, "too-large", "the body is larger than \(Self.maxBody) bytes"))
                : api.answer(request)
            give(answer, keepAlive: head.isKeepAlive, context)
        }
    }

    private func give(_ answer: APIAnswer, keepAlive: Bool, _ context: ChannelHandlerContext) {
        switch answer {
        case .response(let response): write(response, keepAlive: keepAlive, context)
        case .hang: hang(context)
        case .disconnect: context.close(promise: nil)
        case .later(let make):
            makers.facts.runIfActive(eventLoop: context.eventLoop, make).assumeIsolated().whenComplete { result in
                switch result {
                case .success(let answer): self.give(answer, keepAlive: keepAlive, context)
                case .failure(let error): self.fail(error, context)
                }
            }
        case .slow(let response, let time):
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) {
                guard context.channel.isActive else { return }
                self.write(response, keepAlive: keepAlive, context)
            }
        case .stream(let response, let stream):
            context.write(wrapOutboundOut(.head(head(response, keepAlive: keepAlive))), promise: nil)
            pump(stream, keepAlive: keepAlive, context)
        }
    }

    private func hang(_ context: ChannelHandlerContext) {
        guard api.registry.beginHanging() else { return context.close(promise: nil) }
        isHanging = true
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isHanging { api.registry.endHanging() }
        isHanging = false
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// The client did not send valid HTTP, or disconnected during a request.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("connection failed", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        if error is ArchiveWriterError { logger.error("cannot generate a file", metadata: ["error": "\(error)"]) }
        context.close(promise: nil)
    }

    private func write(_ response: APIResponse, keepAlive: Bool, _ context: ChannelHandlerContext) {
        var response = response
        response.headers.append(("Content-Length", String(response.body.count)))
        context.write(wrapOutboundOut(.head(head(response, keepAlive: keepAlive))), promise: nil)
        let body = context.channel.allocator.buffer(bytes: response.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        end(keepAlive: keepAlive, context)
    }

    private func head(_ response: APIResponse, keepAlive: Bool) -> HTTPResponseHead {
        var headers = HTTPHeaders(response.headers)
        if !keepAlive { headers.add(name: "Connection", value: "close") }
        return HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
    }

    private func end(keepAlive: Bool, _ context: ChannelHandlerContext) {
        let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepAlive { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    }

    /// Makes a chunk off the event loop, writes it, and continues when it has been sent: one chunk per connection in memory,
    /// however slow the client is.
    private func pump(_ stream: BodyStream, keepAlive: Bool, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let pool = stream.makesFacts ? makers.facts : makers.bodies
        pool.runIfActive(eventLoop: context.eventLoop) { try stream.next() }.assumeIsolated().whenComplete { result in
            switch result {
            case .failure(let error): self.fail(error, context)
            case .success(let piece?): self.write(piece, of: stream, keepAlive: keepAlive, context)
            case .success(nil) where stream.ending == .abrupt:
                context.flush()
                context.close(promise: nil)
            case .success(nil): self.end(keepAlive: keepAlive, context)
            }
        }
    }

    private func write(_ piece: [UInt8], of stream: BodyStream, keepAlive: Bool, _ context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(bytes: piece)
        let written = context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer)))).assumeIsolated()
        written.whenFailure { _ in context.close(promise: nil) }
        written.whenSuccess {
            guard let pause = stream.pause else { return self.pump(stream, keepAlive: keepAlive, context) }
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
                self.pump(stream, keepAlive: keepAlive, context)
            }
        }
    }
}

/// The threads that generate files, apart from the event loop: one for sizes and checksums, which can take seconds for a
/// large file, and one for the chunks of running downloads.
struct FileMakers: Sendable {
    let facts = NIOThreadPool(numberOfThreads: 1)
    let bodies = NIOThreadPool(numberOfThreads: 1)

    func start() {
        facts.start()
        bodies.start()
    }

    func stop() async throws {
        try await facts.shutdownGracefully()
        try await bodies.shutdownGracefully()
    }
}
