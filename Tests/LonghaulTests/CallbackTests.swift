import Foundation
import FoundationNetworking
import Glibc
import Synchronization
import TestServers
import Testing

@testable import longhaul

/// The whole program against an API that takes the address of a callback.
@Suite("Callbacks", .needsServers, .serialized, .timeLimit(.minutes(5))) struct CallbackTests {
    /// Exports run until the test ends them. Each create tells its callback URL.
    private final class API: Sendable {
        let server: StubServer
        private let box: Box

        private final class Box: Sendable {
            let urls = Mutex<[String]>([])
            let isReady = Mutex(false)
            let checks = Mutex(0)
        }

        init() throws {
            let box = Box()
            self.box = box
            server = try StubServer { request in
                if request.method == "POST" {
                    let body = try? JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: String]
                    box.urls.withLock { $0.append(body?["notify"] ?? "") }
                    return .json(#"{"id":"e1"}"#)
                }
                if request.target.hasSuffix("/data") { return .text("a,b\n") }
                if request.target.hasSuffix("/files") { return .json(#"{"files":[{"name":"a.csv","url":"/exports/e1/data"}]}"#) }
                box.checks.withLock { $0 += 1 }
                return .json(box.isReady.withLock { $0 } ? #"{"status":"DONE"}"# : #"{"status":"RUNNING"}"#)
            }
        }

        var url: String? { box.urls.withLock { $0.first } }
        var checks: Int { box.checks.withLock { $0 } }
        func end() { box.isReady.withLock { $0 = true } }
    }

    private func file(_ api: API) -> String {
        """
        provider: acme
        baseURL: \(api.server.url)
        create: { request: POST /exports, headers: { Idempotency-Key: "{{ .job.idempotencyKey }}" }, json: { notify: "{{ .callback.url }}" }, export: { id: .response.body.id } }
        status: { request: "GET /exports/{{ .export.id }}", state: .response.body.status, states: { running: RUNNING, ready: DONE } }
        files: { request: "GET /exports/{{ .export.id }}/files", items: '.response.body.files[] | {name, url}' }
        polling: { policy: fixed, interval: 1h }
        """
    }

    static func call(_ url: String, _ method: String = "POST") async throws -> Int {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = method
        request.httpBody = method == "POST" ? Data(#"{"event":"export.done","nonsense":true}"#.utf8) : nil
        let (_, response) = try await URLSession.shared.data(for: request)
        return (response as? HTTPURLResponse)?.statusCode ?? 0
    }

    static func freePort() throws -> Int {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in(), size = socklen_t(MemoryLayout<sockaddr_in>.size)
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0 }
        }
        return try #require(isBound ? Int(UInt16(bigEndian: address.sin_port)) : nil)
    }

    @Test("end the wait for an export whose next check is an hour away; a forged one does nothing") func wholeWay() async throws {
        let api = try API()
        try await Installation.run { installation in
            #expect(try await installation.longhaul("setup").status == 0)
            _ = try installation.write(file(api), to: "providers/acme.yaml")
            // The receiver chooses its port, which the orchestrator must know before: it is taken from a socket that is closed again.
            let port = try Self.freePort()
            let setting = [
                "LONGHAUL_CALLBACK_URL": "http://127.0.0.1:\(port)",
                "LONGHAUL_CALLBACK_SECRET": "a secret of twenty-four bytes", "LONGHAUL_CALLBACK_PORT": "\(port)",
            ]
            let receiver = try installation.start(["callbacks"], setting: setting)
            let orchestrator = try installation.start(["orchestrator"], setting: setting)
            let worker = try installation.start(["worker"])
            #expect(try await installation.longhaul("submit", "acme", "--id", "a", "--parameters", "{}").status == 0)
            let url = try await eventually(within: Installation.deadline, "the export is created") { api.url }
            #expect(url.hasPrefix("http://127.0.0.1:\(port)/v1/callbacks/a/"))
            try await eventually(within: Installation.deadline, "the receiver listens") { (try? await Self.call(url + "x")) == 404 }
            #expect(try await Self.call(url.replacing("/a/", with: "/b/")) == 404)
            #expect(api.checks == 0, "a forged call asks nobody")

            api.end()
            #expect(try await Self.call(url) == 202)
            try await eventually(within: Installation.deadline, "the job is completed") {
                try await installation.longhaul("job", "a", "--json").objects().first?["status"] as? String == "COMPLETED"
            }
            #expect(api.checks == 1)
            let stats = try await eventually(within: Installation.deadline, "the export is learned") {
                try await installation.longhaul("jobs", "--stats", "--json").objects().first
            }
            #expect(stats["provider"] as? String == "acme" && stats["pushedShare"] as? Double == 1)
            #expect(try await installation.longhaul("jobs", "--stats").output.contains("acme"))
            for role in [receiver, orchestrator, worker] {
                role.send(SIGTERM)
                let ended = try await role.end(within: Installation.deadline)
                #expect(ended.status == 0, "\(ended.errors)")
                #expect(!(ended.output + ended.errors).contains("a secret of twenty-four bytes"))
            }
        }
    }

    @Test("say what is missing when their settings are") func settings() async throws {
        try await Installation.run { installation in
            let bare = try await installation.longhaul("callbacks")
            #expect(bare.status == 64)
            #expect(try bare.problem().contains("LONGHAUL_CALLBACK_URL"))
            let short = try await installation.longhaul(
                "callbacks", setting: ["LONGHAUL_CALLBACK_URL": "https://x.example", "LONGHAUL_CALLBACK_SECRET": "short-one"])
            #expect(short.status == 64)
            #expect(!(short.output + short.errors).contains("short-one"))
        }
    }
}
