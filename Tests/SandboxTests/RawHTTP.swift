import Foundation
import Sandbox

/// An HTTP client without abstractions: one connection per request, no retries, and truncated bodies as received.
struct RawHTTP: Sendable {
    let port: Int

    struct Failure: Error {
        let what: String
    }

    struct Response: Sendable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]
        /// Whether the body is as long as `Content-Length` or the chunks announced.
        var isWhole: Bool

        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try JSONDecoder().decode(type, from: Data(body))
        }

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// - Returns: `nil` if the connection was closed without a single byte.
    func exchange(
        _ method: String, _ target: String, headers: [String: String] = [:], body: String = ""
    ) async throws -> Response? {
        let bytes = try await received(after: request(method, target, headers: headers, body: body))
        return bytes.isEmpty ? nil : try parse(bytes)
    }

    func send(_ method: String, _ target: String, headers: [String: String] = [:], body: String = "") async throws -> Response {
        guard let response = try await exchange(method, target, headers: headers, body: body) else {
            throw Failure(what: "\(method) \(target): no answer")
        }
        return response
    }

    func get(_ target: String) async throws -> Response { try await send("GET", target) }

    /// Sends a request and leaves the connection open.
    func open(_ method: String, _ target: String) throws -> Int32 {
        let socket = try connected()
        try write(request(method, target, headers: [:], body: ""), to: socket)
        return socket
    }

    private func request(_ method: String, _ target: String, headers: [String: String], body: String) -> [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        text += "Content-Length: \(body.utf8.count)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        return Array((text + "\r\n" + body).utf8)
    }

    /// Blocks, so it runs on a Dispatch thread and not on one that async code needs.
    private func received(after request: [UInt8]) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let socket = try connected()
                        defer { close(socket) }
                        try write(request, to: socket)
                        return try readToEnd(socket)
                    })
            }
        }
    }

    private func connected() throws -> Int32 {
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var deadline = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &deadline, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            close(socket)
            throw Failure(what: "cannot connect to port \(port): \(String(cString: strerror(errno)))")
        }
        return socket
    }

    private func write(_ bytes: [UInt8], to socket: Int32) throws {
        guard Foundation.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(what: "cannot send")
        }
    }

    private func readToEnd(_ socket: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN { throw Failure(what: "no end of the answer within 20 s") }
            if count <= 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    private func parse(_ bytes: [UInt8]) throws -> Response {
        guard let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) else { throw Failure(what: "half a head") }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status else { throw Failure(what: "no status in \(lines[0])") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces)
        }
        let body = Array(bytes[end.upperBound...])
        if headers["transfer-encoding"] == "chunked" {
            let (joined, isWhole) = unchunked(body)
            return Response(status: status, headers: headers, body: joined, isWhole: isWhole)
        }
        let promised = headers["content-length"].flatMap { Int($0) }
        return Response(status: status, headers: headers, body: body, isWhole: promised == body.count)
    }

    private func unchunked(_ body: [UInt8]) -> ([UInt8], isWhole: Bool) {
        var rest = body[...]
        var joined: [UInt8] = []
        while let line = rest.firstIndex(of: UInt8(ascii: "\r")) {
            guard let size = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16) else { break }
            if size == 0 { return (joined, true) }
            joined += rest[(line + 2)...].prefix(size)
            rest = rest[(line + 2)...].dropFirst(size + 2)
        }
        return (joined, false)
    }
}
