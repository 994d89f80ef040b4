import Crypto
import CryptoExtras
import ExportCore
import Foundation
import ProviderAPI
import TestServers
import Testing

@Suite("A signed token that the client authenticates with")
struct AssertionTests {
    /// A JSON Web Token, taken apart.
    private struct Token {
        let header: [String: String], claims: [String: Any], signed: Data, signature: Data

        init(_ text: String) throws {
            let parts = text.split(separator: ".").map(String.init)
            try #require(parts.count == 3)
            let data = try parts.map { part in
                let base64 = part.replacing("-", with: "+").replacing("_", with: "/")
                return try #require(Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4)))
            }
            header = try #require(try JSONSerialization.jsonObject(with: data[0]) as? [String: String])
            claims = try #require(try JSONSerialization.jsonObject(with: data[1]) as? [String: Any])
            (signed, signature) = (Data("\(parts[0]).\(parts[1])".utf8), data[2])
        }
    }

    /// The fields of the request that signed in.
    private static func login(_ auth: String, key: String) async throws -> (fields: [String: String], outcome: CreateOutcome) {
        let api = try TokenAPI()
        let yaml = """
            provider: p
            baseURL: BASE
            \(auth)
            create: { request: POST /x, export: { id: .response.body.id } }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
            files: { request: GET /f, items: .response.body.files }
            """.replacing("BASE", with: api.server.url)
        let client = try await ProviderClient.open(
            try ProviderSource(yaml: yaml, file: "p.yaml"), http: TestProvider.http, on: TestProvider.thread,
            secrets: .environment(["KEY": key]))
        let outcome = await client.create(JobContext(JobRequest(id: try #require(JobID("j")), provider: "p")))
        let pairs = (api.seen.logins.first ?? "").split(separator: "&").map {
            $0.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
        }
        return (Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }), outcome)
    }

    @Test("is a grant of its own (Google, Salesforce)", arguments: [("RS256", 2048), ("RS384", 3072), ("RS512", 2048)])
    func jwtBearer(algorithm: String, bits: Int) async throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .init(bitCount: bits))
        let auth = """
            auth:
              oauth2:
                tokenURL: BASE/login
                grant: jwt_bearer
                clientId: robot@project.example
                jwt:
                  algorithm: \(algorithm)
                  key: "{{ .secrets.KEY }}"
                  keyId: k1
                  subject: user@example.com
                  lifetime: 1h
                  claims: { scope: exports.read }
            """
        let (fields, outcome) = try await Self.login(auth, key: key.pemRepresentation)
        #expect(outcome == .created(exportHandle: #"{"id":"1"}"#))
        #expect(fields["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" && fields["client_id"] == nil)
        let token = try Token(try #require(fields["assertion"]))
        #expect(token.header == ["alg": algorithm, "typ": "JWT", "kid": "k1"])
        #expect(token.claims["iss"] as? String == "robot@project.example" && token.claims["sub"] as? String == "user@example.com")
        #expect(token.claims["scope"] as? String == "exports.read" && (token.claims["aud"] as? String)?.hasSuffix("/login") == true)
        let (begin, end) = (try #require(token.claims["iat"] as? Int), try #require(token.claims["exp"] as? Int))
        #expect(end - begin == 3600 && abs(begin - Int(Date.now.timeIntervalSince1970)) < 30)
        let signature = _RSA.Signing.RSASignature(rawRepresentation: token.signature)
        let isValid =
            switch algorithm {
            case "RS256": key.publicKey.isValidSignature(signature, for: SHA256.hash(data: token.signed), padding: .insecurePKCS1v1_5)
            case "RS384": key.publicKey.isValidSignature(signature, for: SHA384.hash(data: token.signed), padding: .insecurePKCS1v1_5)
            default: key.publicKey.isValidSignature(signature, for: SHA512.hash(data: token.signed), padding: .insecurePKCS1v1_5)
            }
        #expect(isValid)
    }

    @Test("says who the client is (SMART backend services)") func clientAssertion() async throws {
        let key = P384.Signing.PrivateKey()
        let auth = """
            auth:
              oauth2:
                tokenURL: BASE/login
                clientId: smart-client
                scope: system/*.read
                jwt: { algorithm: ES384, key: "{{ .secrets.KEY }}", keyId: k2 }
            """
        // As an environment variable often holds it.
        let (fields, outcome) = try await Self.login(auth, key: key.pemRepresentation.replacing("\n", with: "\\n"))
        #expect(outcome == .created(exportHandle: #"{"id":"1"}"#))
        #expect(fields["grant_type"] == "client_credentials" && fields["scope"] == "system/*.read")
        #expect(fields["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        let token = try Token(try #require(fields["client_assertion"]))
        #expect(token.claims["iss"] as? String == "smart-client" && token.claims["sub"] as? String == "smart-client")
        #expect(token.claims["jti"] as? String != nil)
        #expect(
            key.publicKey.isValidSignature(
                try P384.Signing.ECDSASignature(rawRepresentation: token.signature), for: SHA384.hash(data: token.signed)))
    }

    @Test("with a key that is none holds the provider, and does not show the key") func badKey() async throws {
        let auth = """
            auth: { oauth2: { tokenURL: BASE/login, clientId: c, jwt: { key: "{{ .secrets.KEY }}" } } }
            """
        let (fields, outcome) = try await Self.login(auth, key: "no-k3y-at-all")
        guard case .failed(let failure) = outcome else { throw Unexpected(outcome) }
        #expect(fields.isEmpty && failure.code == "invalid-key" && failure.concernsProvider)
        #expect(failure.message.contains("auth.oauth2.jwt.key: not a private key in PEM that RS256 can sign with"))
        #expect(!failure.message.contains("k3y"))
    }

    @Test("is checked when the file is loaded") func problems() async {
        for (auth, expected) in [
            ("{ tokenURL: https://a.example/t, clientId: c, grant: jwt_bearer }", "auth.oauth2.jwt: missing"),
            ("{ tokenURL: https://a.example/t, clientId: c, jwt: { algorithm: HS256, key: x } }", "auth.oauth2.jwt.algorithm: "),
            (
                "{ tokenURL: https://a.example/t, clientId: c, jwt: { key: \"{{ .job.id }}\" } }",
                "auth.oauth2.jwt.key: .job is not available here"
            ),
        ] {
            let problems = await TestProvider.problems(ProviderFileTests.least + "\nauth: { oauth2: \(auth) }").map {
                "\($0.field): \($0.message)"
            }
            #expect(problems.contains { $0.hasPrefix(expected) }, "\(problems)")
        }
        let tls = await TestProvider.problems(ProviderFileTests.least + "\ntls: { certificate: /no/such.pem, key: /no/such.key }")
        #expect(tls.map(\.message) == ["cannot read /no/such.pem", "cannot read /no/such.key"])
    }

    private static func keySet(_ algorithm: String, _ pem: String) async throws -> [String: String] {
        let yaml = """
            provider: p
            baseURL: https://api.example.com
            auth:
              oauth2:
                tokenURL: https://api.example.com/t
                clientId: c
                jwt: { algorithm: \(algorithm), keyId: k-1, key: "{{ .secrets.KEY }}" }
            create: { request: POST /x, export: { id: .response.body.id } }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
            files: { request: GET /f, items: .response.body.files }
            """
        let client = try await TestProvider.open(yaml, secrets: .environment(["KEY": pem]))
        let json = try #require(try await client.publicKeys(account: ""))
        return try #require(try JSONDecoder().decode([String: [[String: String]]].self, from: Data(json.utf8))["keys"]?.first)
    }

    private static func data(_ text: String?) throws -> Data {
        let base64 = try #require(text).replacing("-", with: "+").replacing("_", with: "/")
        return try #require(Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4)))
    }

    @Test("has a public key that can be published as a JSON Web Key Set") func keySets() async throws {
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        var key = try await Self.keySet("RS384", rsa.pemRepresentation)
        #expect(key["kty"] == "RSA" && key["alg"] == "RS384" && key["use"] == "sig" && key["kid"] == "k-1" && key["d"] == nil)
        let published = try _RSA.Signing.PublicKey(n: Self.data(key["n"]), e: Self.data(key["e"]))
        #expect(published.derRepresentation == rsa.publicKey.derRepresentation)
        let curve = P384.Signing.PrivateKey()
        key = try await Self.keySet("ES384", curve.pemRepresentation)
        #expect(key["kty"] == "EC" && key["crv"] == "P-384")
        #expect(try Self.data(key["x"]) + Self.data(key["y"]) == curve.publicKey.rawRepresentation)
    }
}
