import Redis
import Testing

@Suite("A Redis URL") struct ConfigurationTests {
    @Test(
        "gives host, port, login and database",
        arguments: [
            ("redis://localhost", "localhost", 6379, nil, nil, 0),
            ("redis://127.0.0.1:7000/2", "127.0.0.1", 7000, nil, nil, 2),
            ("REDIS://h/", "h", 6379, nil, nil, 0),
            ("redis://:p%40ss@h:1", "h", 1, nil, "p@ss", 0),
            ("redis://user:p:a@b@h:1/15", "h", 1, "user", "p:a@b", 15),
            ("redis://[::1]:6380/1", "::1", 6380, nil, nil, 1),
            ("redis://[fe80::1]", "fe80::1", 6379, nil, nil, 0),
        ] as [(String, String, Int, String?, String?, Int)])
    func parts(url: String, host: String, port: Int, username: String?, password: String?, database: Int) throws {
        let configuration = try RedisConfiguration(url: url)
        #expect(configuration.host == host)
        #expect(configuration.port == port)
        #expect(configuration.username == username)
        #expect(configuration.password == password)
        #expect(configuration.database == database)
    }

    @Test(
        "that is invalid is rejected with the reason, and without the password",
        arguments: [
            ("localhost:6379", "redis://host"), ("http://u:hush@h", "scheme"), ("redis://", "no host"), ("redis://:hush@", "no host"),
            ("redis://u:hush@h:port", "port"), ("redis://u:hush@h:0", "port"), ("redis://u:hush@h:65536", "port"),
            ("redis://u:hush@h/x", "database"), ("redis://u:hush@h/-1", "database"), ("redis://u:hu%zzsh@h", "hexadecimal"),
            ("redis://hush@h", "password"), ("redis://u:hush@[::1", "bracket"), ("redis://u:hush@h/0?timeout=1", "query"),
        ]) func wrong(url: String, reason: String) throws
    {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: url) }
        #expect(error?.kind == .invalidURL)
        #expect(error.map { "\($0)".contains(reason) } == true)
        #expect(error.map { "\($0)".contains("hush") } == false)
    }

    @Test("for TLS is parsed like one without", .enabled(if: RedisConfiguration.supportsTLS, "this hiredis has no TLS")) func tls() throws {
        let configuration = try RedisConfiguration(url: "rediss://user:hush@h/1")
        #expect(configuration.tls == RedisConfiguration.TLS())
        #expect(configuration.server == "h:6379/1")
        #expect("\(configuration)" == "rediss://h:6379/1")
        #expect(try RedisConfiguration(url: "rediss://[::1]:6380").port == 6380)
        #expect(try RedisConfiguration(url: "redis://h").tls == nil)
    }

    @Test("for TLS is rejected if hiredis does not support TLS", .enabled(if: !RedisConfiguration.supportsTLS, "this hiredis has TLS"))
    func noTLS() throws {
        let error = #expect(throws: RedisError.self) { try RedisConfiguration(url: "rediss://:hush@h:6380") }
        #expect(error?.kind == .invalidURL)
        #expect(error?.cause?.contains("hiredis 1.0") == true)
    }

    @Test("does not show its password when it is printed") func printing() throws {
        let configuration = try RedisConfiguration(url: "redis://user:hush@h/1")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(text.contains("h:6379/1"))
            #expect(!text.contains("hush"))
        }
    }
}
