import RabbitMQ
import Testing

@Suite("Parsing a RabbitMQ URL")
struct ConfigurationTests {
    @Test("all parts are read, and percent-decoded")
    func whole() throws {
        let configuration = try RabbitMQConfiguration(
            url: "amqps://us%40er:p%3Aa%2Fss@broker.example:5680/my%2Fhost"
                + "?heartbeat=30&connection_timeout=1500&verify=verify_none&cacertfile=/etc/ca.pem")
        #expect(configuration.endpoints == [.init(host: "broker.example", port: 5680)])
        #expect(configuration.user == "us@er")
        #expect(configuration.password == "p:a/ss")
        #expect(configuration.virtualHost == "my/host")
        #expect(configuration.heartbeat == .seconds(30))
        #expect(configuration.connectTimeout == .milliseconds(1500))
        #expect(configuration.tls?.authorityFile == "/etc/ca.pem")
        #expect(configuration.tls?.verifiesPeer == false)
    }

    @Test("missing parts have their defaults")
    func defaults() throws {
        let configuration = try RabbitMQConfiguration(url: "amqp://localhost")
        #expect(configuration.endpoints == [.init(host: "localhost", port: 5672)])
        #expect(configuration.user == "guest")
        #expect(configuration.password == "guest")
        #expect(configuration.virtualHost == "/")
        #expect(configuration.tls == nil)
        #expect(try RabbitMQConfiguration(url: "amqps://localhost/").endpoints[0].port == 5671)
        #expect(try RabbitMQConfiguration(url: "amqp://localhost/%2F").virtualHost == "/")
    }

    @Test(
        "several hosts are read from one URL or from several",
        arguments: ["amqp://u:p@one,two:5673,[::1]:5674/v", "amqp://u:p@one/v,amqp://u:p@two:5673,[::1]:5674/v"])
    func severalHosts(url: String) throws {
        let configuration = try RabbitMQConfiguration(url: url)
        #expect(
            configuration.endpoints == [.init(host: "one", port: 5672), .init(host: "two", port: 5673), .init(host: "::1", port: 5674)])
        #expect(configuration.user == "u")
        #expect(configuration.virtualHost == "v")
    }

    @Test(
        "an invalid URL is rejected",
        arguments: [
            "", "localhost", "http://localhost", "amqp://", "amqp://host:0", "amqp://host:70000", "amqp://host:x", "amqp://a,,b",
            "amqp://h/v/w", "amqp://h/%zz", "amqp://h/%+1", "amqp://h/%00", "amqp://h?nonsense=1", "amqp://h?heartbeat=fast",
            "amqp://h?cacertfile=/x",
            "amqp://u:p@a/v,amqp://u:q@b/v", "amqps://h?verify=maybe", "amqp://[::1", "amqp://[::1]x",
        ])
    func refused(url: String) {
        let error = #expect(throws: RabbitMQError.self) { _ = try RabbitMQConfiguration(url: url) }
        #expect(error?.kind == .invalidConfiguration)
        #expect(error?.isRetriable == false)
    }

    @Test("an error does not show the password")
    func secret() {
        let error = #expect(throws: RabbitMQError.self) { try RabbitMQConfiguration(url: "amqp://user:hunter2@host:nonsense") }
        #expect(error.map { !"\($0)".contains("hunter2") } == true)
    }
}
