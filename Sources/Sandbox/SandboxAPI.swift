import NIOCore
import NIOHTTP1

/// The HTTP layer: routes a request, asks the registry and builds the response. It has no state of its own.
struct SandboxAPI: Sendable {
    let configuration: SandboxConfiguration
    let registry: ExportRegistry
    let facts: FileFactsCache
    let signer: LinkSigner
    let tokens: TokenOffice
    let outage: Outage

    init(configuration: SandboxConfiguration, registry: ExportRegistry, outage: Outage) {
        self.outage = outage
        self.configuration = configuration
        self.registry = registry
        facts = FileFactsCache(withMD5: configuration.checksums.contains(.md5))
        signer = LinkSigner(seed: configuration.seed)
        tokens = TokenOffice(configuration: configuration, clock: registry.clock, log: registry.log)
    }

    func answer(_ request: APIRequest) -> APIAnswer {
        let route = Route(request)
        registry.count(route.kind)
        if outage.isOn, !route.isControl { return .response(.error(.serviceUnavailable, "unavailable", "the API is down")) }
        if route.needsToken, let refusal = refusal(of: request) { return .response(refusal) }
        switch route {
        case .create: return create(request)
        case .draft: return create(request, isDraft: true)
        case .start(let id): return start(id)
        case .find: return find(request)
        case .status(let id): return status(id)
        case .cancel(let id): return cancel(id)
        case .files(let id): return list(id, request)
        case .download(let parts): return download(parts, request)
        case .token: return refresh(request)
        case .session: return beginSession(request)
        case .truth(let id): return truth(id)
        case .statistics: return statistics()
        case .health: return .response(.json(.ok) { $0.field("status", "ok") })
        case .unknown: return .response(.error(.notFound, "no-such-path", "no resource at this path"))
        case .wrongMethod(let allowed):
            let response = APIResponse.error(.methodNotAllowed, "method-not-allowed", "allowed: \(allowed)")
            return .response(response.adding("Allow", allowed))
        }
    }

    var unknownExport: APIAnswer { .response(.error(.notFound, "no-such-export", "no export has this id")) }

    /// Rounded up, so that a client that waits this long is not too early.
    func wholeSeconds(_ nanoseconds: Int64) -> String {
        String(max(0, (nanoseconds + 999_999_999) / 1_000_000_000))
    }
}
