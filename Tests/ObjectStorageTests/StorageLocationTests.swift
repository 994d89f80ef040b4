import AWSSignature
import Testing

@testable import ObjectStorage

@Suite("A storage location") struct StorageLocationTests {
    @Test(
        "is parsed from an operator's setting",
        arguments: [
            ("s3://bucket", .s3(bucket: "bucket", prefix: "")),
            ("s3://bucket/", .s3(bucket: "bucket", prefix: "")),
            ("s3://my.bucket-1/a/b c/", .s3(bucket: "my.bucket-1", prefix: "a/b c")),
            ("s3://bucket//a//b", .s3(bucket: "bucket", prefix: "a//b")),
            ("file:///var/exports/", .folder(path: "/var/exports")),
            ("file:///a%20b/c", .folder(path: "/a b/c")),
            ("file:///", .folder(path: "/")),
        ] as [(String, StorageLocation)])
    func valid(_ text: String, _ location: StorageLocation) throws {
        #expect(try StorageLocation(text) == location)
        #expect(try StorageLocation(location.description.replacing(" ", with: "%20")).description.contains("://"))
    }

    @Test(
        "reports what is wrong",
        arguments: [
            ("", "neither"), ("bucket/prefix", "neither"), ("https://bucket.s3.amazonaws.com", "neither"),
            ("S3://bucket", "neither"),
            ("s3://", "no bucket"), ("s3:///prefix", "no bucket"), ("s3://Bucket", "lower-case"), ("s3://ab", "3 to 63"),
            ("s3://bucket/p?region=x", "environment"), ("/var/exports", "file:///var/exports"), ("file://host/x", "three slashes"),
            ("file://", "three slashes"), ("file:///a/../b", "'..'"), ("file:///a%2", "hexadecimal"), ("file:///a%00", "NUL"),
            ("s3://bucket/a\nb", "control character"),
        ])
    func invalid(_ text: String, _ reason: String) {
        let error = #expect(throws: StorageLocationError.self) { try StorageLocation(text) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains("\n") == false)
    }

    private let credentials = AWSCredentials(accessKeyID: "A", secretAccessKey: "B")

    @Test("at AWS uses the bucket's own host, or the path if the name contains dots") func aws() throws {
        let plain = try S3Configuration(bucket: "bucket", prefix: "p", region: "eu-west-1", credentials: credentials)
        #expect(plain.host == "bucket.s3.eu-west-1.amazonaws.com")
        #expect(plain.path(fullKey: plain.fullKey("a b")) == "/p/a%20b")
        #expect(plain.isSecure)
        let dotted = try S3Configuration(bucket: "my.bucket", region: "cn-north-1", credentials: credentials)
        #expect(dotted.host == "s3.cn-north-1.amazonaws.com.cn")
        #expect(dotted.path(fullKey: "k") == "/my.bucket/k")
        #expect(dotted.path(fullKey: nil) == "/my.bucket")
    }

    @Test(
        "elsewhere uses the path, with its port if it is not the default",
        arguments: [
            ("http://127.0.0.1:9000", "127.0.0.1:9000", false), ("https://S3.Example.com:443/", "s3.example.com", true),
            ("http://minio:80", "minio", false), ("https://[::1]:9000", "[::1]:9000", true),
        ])
    func endpoint(_ text: String, _ host: String, _ isSecure: Bool) throws {
        let configuration = try S3Configuration(bucket: "bucket", credentials: credentials, endpoint: text)
        #expect(configuration.host == host)
        #expect(configuration.isSecure == isSecure)
        #expect(configuration.path(fullKey: "a//b") == "/bucket/a//b")
    }

    @Test("rejects an endpoint with anything but scheme, host and port, and does not show a password") func badEndpoint() {
        for text in ["127.0.0.1:9000", "ftp://x", "https://", "https://x/path", "http://x?y", "http://me:hunter2@x"] {
            let error = #expect(throws: StorageLocationError.self) {
                try S3Configuration(bucket: "bucket", credentials: credentials, endpoint: text)
            }
            #expect(error?.description.contains("hunter2") == false)
        }
    }
}
