import Foundation
@testable import HTTPClient
import Testing

@Suite("Egress policy")
struct EgressTests {
    @Test(
        "addresses outside the public Internet are rejected",
        arguments: [
            "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.9", "169.254.0.1", "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
            "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "100.100.100.200",
            "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b:1::1",
            "100::1",
            "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo",
            "fec0::1", "ff02::1",
        ])
    func notPublic(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!EgressPolicy.publicOnly.allows(address))
        #expect(EgressPolicy.all.allows(address))
    }

    @Test(
        "addresses of the public Internet are allowed",
        arguments: [
            "1.1.1.1", "8.8.8.8", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255", "128.0.0.1", "169.253.0.1",
            "172.15.255.255",
            "172.32.0.1", "192.0.1.1", "192.167.0.1", "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111",
            "2a00:1450::1", "2001:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
        ])
    func isPublic(text: String) throws {
        #expect(EgressPolicy.publicOnly.allows(try #require(IPAddress(text))))
    }

    @Test("listed ranges are allowed; the metadata service only if it is listed itself")
    func ranges() throws {
        func policy(_ texts: String...) throws -> EgressPolicy { .publicAnd(try texts.map { try #require(AddressRange($0)) }) }
        func allows(_ policy: EgressPolicy, _ text: String) throws -> Bool { policy.allows(try #require(IPAddress(text))) }
        let inside = try policy("10.20.0.0/14", "fd00::/8", "169.254.0.0/16")
        #expect(try allows(inside, "10.23.255.1") && allows(inside, "::ffff:10.20.0.1") && allows(inside, "fd12::1"))
        #expect(try !allows(inside, "10.24.0.1") && !allows(inside, "10.19.0.1") && !allows(inside, "192.168.0.1"))
        #expect(try allows(inside, "8.8.8.8") && allows(inside, "169.254.1.1"))
        #expect(try !allows(inside, "169.254.169.254") && !allows(inside, "fd00:ec2::254"))
        #expect(try allows(policy("169.254.169.254"), "169.254.169.254"))
        #expect(try allows(policy("0.0.0.0/0"), "127.0.0.1") && !allows(policy("0.0.0.0/0"), "::1"))
    }

    @Test(
        "text that is no address or range is rejected",
        arguments: ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "x/8", "10.0.0.1/"])
    func noRange(text: String) { #expect(AddressRange(text) == nil) }

    @Test("an address or name that leads to this machine is rejected before anything is sent")
    func refused() async throws {
        let server = try RawServer(answering: { _ in RawServer.response("inside") })
        defer { server.stop() }
        let configuration = HTTPClientConfiguration(resolve: ["rebound.example:\(server.port):127.0.0.1"])
        try await withClient(configuration) { client async throws in
            for host in ["127.0.0.1", "localhost", "rebound.example", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0177.0.0.1"] {
                let error = await failure { try await client.send(HTTPRequest(.get, "http://\(host):\(server.port)/")) }
                #expect(error?.kind == .refusedAddress, "\(host): \(String(describing: error))")
                #expect(error?.isRetriable == false && error?.mayHaveRun == false)
            }
            let named = HTTPRequest(.get, "http://rebound.example:\(server.port)/", egress: .loopback)
            #expect(try await client.send(named).status == 200)
        }
        #expect(server.acceptedConnections == 1)
    }

    @Test("a connection that a request with a laxer policy opened is not reused for a stricter one")
    func keptConnection() async throws {
        let server = try RawServer(answering: { _ in RawServer.response("inside") })
        defer { server.stop() }
        try await withClient(HTTPClientConfiguration()) { client async throws in
            for _ in 0..<3 {
                #expect(try await client.send(HTTPRequest(.get, server.url, egress: .all)).status == 200)
                #expect(await failure { try await client.send(HTTPRequest(.get, server.url)) }?.kind == .refusedAddress)
                #expect(await failure { try await client.send(HTTPRequest(.post, server.url, body: .bytes([1]))) }?.kind == .refusedAddress)
            }
        }
        #expect(server.requests.count == 3)
    }
}
