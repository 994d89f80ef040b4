import Foundation
import Synchronization

public struct StubRequest: Sendable {
    public var method: String
    /// Path and query, as sent.
    public var target: String
    /// Names in lower case.
    public var headers: [String: String]
    public var body: String

    public var line: String { "\(method) \(target)" }
}

public struct StubResponse: Sendable {
    public var status: Int
    public var headers: [String: String]
    public var body: [UInt8]

    public init(status: Int = 200, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> StubResponse {
        let type = ["Content-Type": "application/json"]
        return StubResponse(status: status, headers: type.merging(headers) { $1 }, body: Array(text.utf8))
    }

    public static func text(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> StubResponse {
        StubResponse(status: status, headers: headers, body: Array(text.utf8))
    }
}

/// An HTTP/1.1 server on a loopback port: one accepting thread, one thread per connection, one response per connection.
public final class StubServer: Sendable {
    public let port: UInt16
    private let listener: Int32
    private let received = Mutex<[StubRequest]>([])
    private let handler: @Sendable (StubRequest) -> StubResponse

    public var url: String { "http://127.0.0.1:\(port)" }
    public var requests: [StubRequest] { received.withLock { $0 } }
    public var lines: [String] { requests.map(\.line) }

    public init(_ handler: @escaping @Sendable (StubRequest) -> StubResponse) throws {
        self.handler = handler
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 128) == 0 && getsockname(listener, pointer, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in accept() }
    }

    public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func accept() {
        while true {
            let connection = Glibc.accept(listener, nil, nil)
            guard connection >= 0 else { break }
            Thread.detachNewThread { [self] in
                serve(connection)
                close(connection)
            }
        }
        close(listener)
    }

    private func serve(_ connection: Int32) {
        var bytes: [UInt8] = []
        while true {
            if let request = Self.parse(bytes) {
                received.withLock { $0.append(request) }
                return write(handler(request), to: connection)
            }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            bytes += chunk[..<count]
        }
    }

    private static func parse(_ bytes: [UInt8]) -> StubRequest? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let body = String(text[end.upperBound...])
        guard body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 else { return nil }
        return StubRequest(method: String(words[0]), target: String(words[1]), headers: headers, body: body)
    }

    private func write(_ response: StubResponse, to connection: Int32) {
        var head = "HTTP/1.1 \(response.status) Status\r\nContent-Length: \(response.body.count)\r\nConnection: close\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        var bytes = Array((head + "\r\n").utf8) + response.body
        while !bytes.isEmpty {
            let sent = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            guard sent > 0 else { return }
            bytes.removeFirst(sent)
        }
    }
}
