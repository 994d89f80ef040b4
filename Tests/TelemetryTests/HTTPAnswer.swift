import Foundation
import FoundationNetworking

/// The response to a GET on the loopback address.
struct HTTPAnswer {
    let status: Int
    /// Names in lower case.
    let headers: [String: String]
    let body: String

    init(port: Int, path: String) async throws {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw URLError(.badURL) }
        let (data, response) = try await Self.session.data(for: URLRequest(url: url, timeoutInterval: 30))
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        status = response.statusCode
        headers = Dictionary(
            response.allHeaderFields.compactMap { name, value in (name as? String).map { ($0.lowercased(), "\(value)") } },
            uniquingKeysWith: { first, _ in first })
        body = String(decoding: data, as: UTF8.self)
    }

    var json: [String: Any] { get throws { try parse(body) } }

    private static let session: URLSession = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.connectionProxyDictionary = [:]
        return URLSession(configuration: configuration)
    }()
}

/// A TCP connection over which nothing is sent.
struct IdleConnection {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    func close() { Glibc.close(descriptor) }
}
