import HTTPClient
import TraceContext

/// The span of a call of S3 with all its attempts: semantic conventions for AWS SDK and S3 client spans.
struct S3Span: Sendable {
    private let span: TraceSpan
    var context: TraceContext { span.context }

    init?(_ call: S3Client.Call, _ configuration: S3Configuration, below parent: TraceContext) {
        let method = call.apiName
        guard let span = TraceSpan.begin("S3.\(method)", .client, below: parent) else { return nil }
        self.span = span
        span.set([
            "rpc.system.name": "aws-api", "rpc.service": "S3", "rpc.method": method, "aws.s3.bucket": configuration.bucket,
            "cloud.region": configuration.region,
        ])
        if let key = call.fullKey { span.set(["aws.s3.key": key]) }
        if let part = call.value("partNumber").flatMap({ Int($0) }) { span.set([:], numbers: ["aws.s3.part_number": part]) }
        if let upload = call.value("uploadId") { span.set(["aws.s3.upload_id": upload]) }
    }

    func end(_ response: HTTPResponse) {
        if let id = response.headers["x-amz-request-id"] { span.set(["aws.request_id": id]) }
        span.end()
    }

    func end(_ error: ObjectStorageError) {
        span.fail(error.kind.rawValue)
        span.end()
    }
}

extension S3Client.Call {
    fileprivate func value(_ parameter: String) -> String? { query.first { $0.name == parameter }?.value }

    /// The name of the operation in the S3 API.
    fileprivate var apiName: String {
        let isOfUpload = value("uploadId") != nil
        return switch (method, fullKey != nil) {
        case (.put, true): isOfUpload ? "UploadPart" : "PutObject"
        case (.post, _): isOfUpload ? "CompleteMultipartUpload" : "CreateMultipartUpload"
        case (.delete, _): isOfUpload ? "AbortMultipartUpload" : "DeleteObject"
        case (.head, true): "HeadObject"
        case (.get, true): "GetObject"
        case (.get, false): value("uploads") == nil ? "ListObjectsV2" : "ListMultipartUploads"
        case (.head, false): "HeadBucket"
        default: "CreateBucket"
        }
    }
}
