import Crypto
import Encoding
import Foundation
import Testing

@testable import AWSSignature
@testable import ObjectStorage

/// AWS's published examples: "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
@Suite("Signature V4") struct SignatureV4Tests {
    static let credentials = AWSCredentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    /// 20130524T000000Z
    static let time: Int64 = 1_369_353_600
    let signer = SignatureV4(credentials, region: "us-east-1")

    private func request(
        _ method: String, _ path: String, query: String = "", headers: [(name: String, value: String)] = [],
        payload: SignatureV4.Payload = .empty
    ) -> SignatureV4.Request {
        SignatureV4.Request(
            method: method, host: "examplebucket.s3.amazonaws.com", path: path, query: query, headers: headers, payload: payload)
    }

    private func authorization(_ request: SignatureV4.Request, at time: Int64 = time) -> String? {
        signer.sign(request, secondsSince1970: time).first { $0.name == "Authorization" }?.value
    }

    @Test("signs GET object with a range") func get() {
        #expect(
            authorization(request("GET", "/test.txt", headers: [("Range", "bytes=0-9")]))
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test("signs PUT object with a dollar in its key and a hashed body") func put() {
        let headers = [
            (name: "Date", value: "Fri, 24 May 2013 00:00:00 GMT"), (name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
        ]
        let hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
        let signed = authorization(
            request("PUT", URIEncoding.path("test$file.text"), headers: headers, payload: .sha256(hash)))
        #expect(signed?.contains("SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,") == true)
        #expect(signed?.hasSuffix("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd") == true)
    }

    @Test("signs GET lifecycle, a query with only a name") func lifecycle() {
        let signed = authorization(request("GET", "/", query: URIEncoding.query([("lifecycle", "")])))
        #expect(signed?.hasSuffix("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543") == true)
    }

    @Test("signs list objects, the query sorted") func list() {
        let signed = authorization(request("GET", "/", query: URIEncoding.query([("prefix", "J"), ("max-keys", "2")])))
        #expect(signed?.hasSuffix("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7") == true)
    }

    /// AWS's Signature Version 4 test suite.
    @Test(
        "signs requests to other services",
        arguments: [
            ("GET", "/", "", nil, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                "POST", "/", "", "application/x-www-form-urlencoded", "Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
            ),
            ("GET", "/", "Param1=value1&Param2=value2", nil, "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ] as [(String, String, String, String?, String, String)])
    func others(method: String, path: String, query: String, type: String?, body: String, signature: String) {
        let credentials = AWSCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        let signer = SignatureV4(credentials, region: "us-east-1", service: "service")
        let headers = signer.sign(
            SignatureV4.Request(
                method: method, host: "example.amazonaws.com", path: path, query: query, headers: type.map { [("Content-Type", $0)] } ?? [],
                payload: .sha256(Hexadecimal.text(SHA256.hash(data: Data(body.utf8))))),
            secondsSince1970: 1_440_938_160)
        let value = headers.first { $0.name == "Authorization" }?.value
        #expect(value?.hasSuffix("Signature=\(signature)") == true, "\(value ?? "")")
        #expect(!headers.contains { $0.name == "x-amz-content-sha256" })
    }

    @Test("creates the string to sign of the example") func stringToSign() {
        let range = request("GET", "/test.txt")
        let canonical = SignatureV4.canonical(
            range,
            headers: [
                ("Range", "bytes=0-9"), ("host", range.host), ("x-amz-date", "20130524T000000Z"),
                ("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ])
        let text = SignatureV4.stringToSign(
            canonical.text, scope: "20130524/us-east-1/s3/aws4_request", time: UTCTime(seconds: Self.time))
        #expect(
            text
                == "AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
                + "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972")
    }

    @Test("signs with the key of the day, whatever day came before") func days() {
        let today = authorization(request("GET", "/"))
        let tomorrow = authorization(request("GET", "/"), at: Self.time + 86_400)
        #expect(today != tomorrow)
        #expect(tomorrow?.contains("/20130525/") == true)
        #expect(authorization(request("GET", "/")) == today)
        #expect(
            SignatureV4(Self.credentials, region: "us-east-1").sign(request("GET", "/"), secondsSince1970: Self.time + 86_400)
                .contains { $0.value == tomorrow })
    }

    @Test("sends and signs a session token") func token() {
        let credentials = AWSCredentials(accessKeyID: "A", secretAccessKey: "B", sessionToken: "TOKEN")
        let headers = SignatureV4(credentials, region: "eu-central-1").sign(request("GET", "/"), secondsSince1970: Self.time)
        #expect(headers.contains { $0.name == "x-amz-security-token" && $0.value == "TOKEN" })
        #expect(headers.last?.value.contains("host;x-amz-content-sha256;x-amz-date;x-amz-security-token") == true)
    }

    @Test("states that the body is not signed") func unsigned() {
        let headers = signer.sign(request("PUT", "/x", payload: .unsigned), secondsSince1970: Self.time)
        #expect(headers.contains { $0.name == "x-amz-content-sha256" && $0.value == "UNSIGNED-PAYLOAD" })
    }

    @Test(
        "encodes a key once, segment by segment, without normalisation",
        arguments: [
            ("a b+c", "/a%20b%2Bc"), ("100%", "/100%25"), ("%20", "/%2520"), ("a//b", "/a//b"), ("/a", "//a"),
            ("./../a", "/./../a"),
            ("日本.csv", "/%E6%97%A5%E6%9C%AC.csv"), ("e\u{301}", "/e%CC%81"), ("(a)*'!", "/%28a%29%2A%27%21"),
            ("A-Z_0.9~", "/A-Z_0.9~"),
            ("k=v&w?x#y", "/k%3Dv%26w%3Fx%23y"),
        ])
    func paths(_ key: String, _ path: String) {
        #expect(URIEncoding.path(key) == path)
    }

    /// Computed with botocore's S3SigV4Auth, AWS's own Python client.
    @Test(
        "signs odd keys like AWS's own client",
        arguments: [
            ("a b", "148958ace6e83bc7d9893e7fb92c63d466140bd5acf2a0722d6fea26964f5651"),
            ("a+b", "7523a42446ee9a64714e5f5dd7b1170963c0ad092ceaf8e589232dbc7873cc91"),
            ("100%", "1f0e407b0e0dbb1c03529a298ba038b5929c764bee828f8e7b2e6221e66cc78f"),
            ("%20", "8e2e9b6898e959c50815f99f280f4144765c070068747c454c89b23cf864d376"),
            ("日本.csv", "d43f8fd16a88208ace69f05921072f6a6c5995526d37eb8471e1d9a341602199"),
            ("e\u{301}", "7f819da7f96b6bace8dbdb8329e3be3caff8bcf7ae576454afbdcf5b13b71444"),
            ("a//b", "d3b7d8e709518ef28050efa35968623c064ee44d1a12877eab753fd6548bb875"),
            ("/a", "821c77becd4c7648c7d33a6599a220f3e17ce153baaf7bf56e9243489fcffec8"),
            ("a/../b", "926525921efadecaee269fdb73a1197143c44cfbdd7210ebeddfcf014cb7b278"),
            ("(a)*'!", "4f36c2620cc580a92d7007275021b002da3bcc0ca84f71368de8bf778e4bc30c"),
            ("k=v&w?x#y", "272ba057d70255c72979e7dbb8f1593f0cf16523e67e21fb91abd133d1a53b0c"),
        ])
    func oddKeys(_ key: String, _ signature: String) {
        #expect(authorization(request("GET", URIEncoding.path(key)))?.hasSuffix("Signature=\(signature)") == true)
    }

    @Test("sorts a query by its encoded names") func query() {
        #expect(
            URIEncoding.query([("b", "2"), ("a", "x y"), ("A", "+"), ("a-b", ""), ("a", "/")]) == "A=%2B&a=%2F&a=x%20y&a-b=&b=2")
    }

    @Test("keeps secrets out of the printed credentials") func redaction() {
        let credentials = AWSCredentials(accessKeyID: "AKIA1", secretAccessKey: "very-secret", sessionToken: "token-secret")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("secret"))
            #expect(text.contains("AKIA1"))
        }
    }
}
