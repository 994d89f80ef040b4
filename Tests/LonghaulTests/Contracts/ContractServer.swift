import Foundation
import Synchronization
import TestServers

/// The servers of a scenario. Each request is answered by the first exchange that is left and fits.
final class ContractServer: Sendable {
    private let script: Script
    private let servers: [StubServer]
    /// By the names that the contract gives them.
    let urls: [String: String]

    init(_ contract: Contract, _ scenario: Contract.Scenario) throws {
        let script = Script(scenario.exchanges)
        var servers: [String: StubServer] = [:]
        for name in Set(contract.hosts.values).union(contract.links) { servers[name] = try StubServer { script.answer($0, by: name) } }
        urls = servers.mapValues(\.url)
        script.begin(urls)
        self.servers = Array(servers.values)
        self.script = script
    }

    /// What went otherwise than the contract says.
    var faults: [String] { script.faults }

    func stop() { for server in servers { server.stop() } }
}

/// What is still expected.
private final class Script: Sendable {
    private struct State {
        var left: [ContractExchange]
        var urls: [String: String] = [:]
        var unexpected: [String] = []
    }

    private let state: Mutex<State>

    init(_ exchanges: [ContractExchange]) { state = Mutex(State(left: exchanges)) }

    func begin(_ urls: [String: String]) { state.withLock { $0.urls = urls } }

    var faults: [String] { state.withLock { $0.unexpected + $0.left.map { "was not asked for: \($0.request)" } } }

    func answer(_ request: StubRequest, by server: String) -> StubResponse {
        state.withLock { state in
            var nearest: String?
            for (index, exchange) in state.left.enumerated() {
                guard let difference = exchange.difference(from: request, at: state.urls[server] ?? "", state.urls) else {
                    state.left.remove(at: index)
                    return exchange.response(state.urls)
                }
                // That of an exchange whose method and URL fit says the most.
                if difference != "expected \(exchange.request)" || nearest == nil { nearest = difference }
            }
            let asked = "\(request.method) {\(server)}\(request.target) \(request.body.prefix(600))"
            state.unexpected.append("unexpected \(asked): \(nearest ?? "nothing is left")")
            return .text("no such exchange", status: 400)
        }
    }
}
