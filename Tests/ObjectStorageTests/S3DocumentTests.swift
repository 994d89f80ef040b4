import ExportCore
import HTTPClient
import Testing

@testable import ObjectStorage

@Suite("A response of S3") struct S3DocumentTests {
    @Test("is read element by element") func elements() {
        let document = S3Document(
            Array(
                """
                <?xml version="1.0"?>
                <ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Upload><Key>a &amp; b&#x2F;&#233;</Key><UploadId>1</UploadId></Upload>
                <UploadIdMarker/><Upload ><Key>c</Key><UploadId>2</UploadId></Upload><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>
                """.utf8))
        #expect(document.elements("Upload").map { $0.text("Key") } == ["a & b/é", "c"])
        #expect(document.elements("Upload").map { $0.text("UploadId") } == ["1", "2"])
        #expect(document.text("UploadIdMarker") == "")
        #expect(document.text("IsTruncated") == "false")
        #expect(document.text("Missing") == nil)
    }

    @Test(
        "that is truncated or not XML has no elements",
        arguments: ["", "<", "<Key", "<Key>", "<Key>abc", "{}", "<Keys>x</Keys>"])
    func broken(text: String) {
        #expect(S3Document(Array(text.utf8)).text("Key") == nil)
    }

    @Test("escapes what it must, and reads it back") func escaping() {
        let text = "\"a\" <b> & 'c'"
        #expect(S3Document(Array("<E>\(S3Document.escaped(text))</E>".utf8)).text("E") == text)
    }

    @Test(
        "with an error is understood",
        arguments: [
            (404, "NoSuchKey", .notFound, .gone), (404, "NoSuchBucket", .noSuchBucket, .permanent), (404, "", .notFound, .gone),
            (403, "AccessDenied", .accessDenied, .unauthorised), (403, "SignatureDoesNotMatch", .badCredentials, .unauthorised),
            (403, "RequestTimeTooSkewed", .clockSkew, .transient), (301, "", .wrongRegion, .permanent),
            (503, "SlowDown", .throttled, .throttled), (500, "InternalError", .unavailable, .transient),
            (400, "RequestTimeout", .unavailable, .transient), (400, "XAmzContentSHA256Mismatch", .checksum, .corrupt),
            (200, "InternalError", .unavailable, .transient), (400, "InvalidRequest", .rejected, .permanent),
            (502, "", .unavailable, .transient),
        ] as [(Int, String, ObjectStorageError.Kind, FailureClass)])
    func refusals(status: Int, code: String, kind: ObjectStorageError.Kind, failureClass: FailureClass) {
        let body = code.isEmpty ? "" : "<Error><Code>\(code)</Code><Message>words of the server</Message></Error>"
        let response = HTTPResponse(status: status, headers: HTTPHeaders(), body: Array(body.utf8))
        let error = S3Failure.error(response, operation: "put", object: "s3://b/k", region: "us-east-1", now: 0)
        #expect(error.kind == kind)
        #expect(error.failure.failureClass == failureClass)
        #expect(error.failure.code == "storage-\(kind.rawValue)")
        if !code.isEmpty, kind != .wrongRegion { #expect(error.description.contains("words of the server")) }
    }

    @Test("from another region names the region and the setting to change") func region() {
        let response = HTTPResponse(status: 301, headers: HTTPHeaders([("x-amz-bucket-region", "eu-west-3")]), body: [])
        let error = S3Failure.error(response, operation: "check", object: "s3://b", region: "us-east-1", now: 0)
        #expect(error.description.contains("eu-west-3"))
        #expect(error.description.contains("AWS_REGION"))
    }

    @Test("gives the time to wait") func retryAfter() {
        let response = HTTPResponse(status: 503, headers: HTTPHeaders([("Retry-After", "7")]), body: [])
        #expect(S3Failure.error(response, operation: "put", object: "x", region: "", now: 0).failure.retryAfter == .seconds(7))
    }

    @Test("lists uploads started before a time, and none with an unknown time") func uploads() {
        let list = [("a", "2013-05-24T00:00:00.000Z"), ("b", "2013-05-24T00:00:01.000Z"), ("c", "yesterday")]
            .map { "<Upload><Key>\($0.0)</Key><UploadId>id-\($0.0)</UploadId><Initiated>\($0.1)</Initiated></Upload>" }
        let page = S3Document(Array("<R>\(list.joined())</R>".utf8))
        #expect(S3Client.uploads(in: page, begunBefore: 1_369_353_600) == [S3Client.UnfinishedUpload(fullKey: "a", id: "id-a")])
        #expect(S3Client.uploads(in: page, begunBefore: 1_369_353_601).map(\.fullKey) == ["a", "b"])
    }
}

@Suite("The plan of parts") struct PartPlanTests {
    @Test("keeps parts at 8 MiB for the first 8 GB, and reaches 5 TiB within 10,000 parts of at most 5 GiB") func limits() {
        #expect((1...1000).allSatisfy { PartPlan.bytes(ofPart: $0) == 8 << 20 })
        let sizes = (1...PartPlan.maxParts).map { Int64(PartPlan.bytes(ofPart: $0)) }
        #expect(sizes.reduce(0, +) >= PartPlan.maxObjectBytes)
        #expect(sizes.allSatisfy { $0 >= 5 << 20 && $0 <= 5 << 30 })
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 <= $1 })
    }
}
