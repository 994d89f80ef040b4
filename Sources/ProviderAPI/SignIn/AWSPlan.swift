import AWSSignature
import Crypto
import Encoding
import ExportCore
import Foundation
import HTTPClient
import JQ

/// `auth: {aws: …}` — requests are signed with AWS Signature Version 4.
final class AWSPlan {
    private let accessKeyID: Template, secretAccessKey: Template
    private let sessionToken: Template?
    private let region: Template, service: Template

    /// - Parameters:
    ///   - service: if the place says it, not the file.
    ///   - other: further keys of the place.
    ///   - base: what the section leaves out is as there.
    init?(_ field: Field, service known: String? = nil, other: [String] = [], inheriting base: AWSPlan? = nil, _ compiler: FilterCompiler) {
        let keys = ["accessKeyId", "secretAccessKey", "sessionToken", "region"] + (known == nil ? ["service"] : []) + other
        guard let section = field.section(keys) else { return nil }
        func required(_ key: String, _ fix: String, or inherited: Template? = nil) -> Template? {
            if let inherited, !section.has(key) { return inherited }
            return section.required(key, fix: fix).flatMap { compiler.requestText($0) }
        }
        let id = required("accessKeyId", "write \"{{ .secrets.AWS_ACCESS_KEY_ID }}\"", or: base?.accessKeyID)
        let secret = required("secretAccessKey", "write \"{{ .secrets.AWS_SECRET_ACCESS_KEY }}\"", or: base?.secretAccessKey)
        let region = required("region", "write the region of the service, such as us-east-1", or: base?.region)
        let service =
            known.map { Template(pieces: [.text($0)], field: field.path) }
            ?? required("service", "write the name of the service in signatures, such as athena")
        // Other keys have another token, or none.
        sessionToken =
            section["sessionToken"].flatMap { compiler.requestText($0) } ?? (section.has("accessKeyId") ? nil : base?.sessionToken)
        guard let id, let secret, let region, let service else { return nil }
        (accessKeyID, secretAccessKey, self.region, self.service) = (id, secret, region, service)
    }

    private init(_ other: AWSPlan, service: String) {
        (accessKeyID, secretAccessKey, sessionToken, region) = (other.accessKeyID, other.secretAccessKey, other.sessionToken, other.region)
        self.service = Template(pieces: [.text(service)], field: other.service.field)
    }

    /// The same keys for another service.
    func signing(for service: String) -> AWSPlan { AWSPlan(self, service: service) }

    func regionText(_ context: JQValue) throws(Failure) -> String { try region.text(context) ?? "" }

    /// The headers that are added.
    static let names: Set<String> = ["authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]

    var parts: ContextParts {
        [accessKeyID, secretAccessKey, region, service].reduce(into: sessionToken?.parts ?? []) { $0.formUnion($1.parts) }
    }

    /// The request with its signature.
    /// - Parameter now: seconds since 1970.
    func signed(_ request: HTTPRequest, _ context: JQValue, now: Int64) throws(Failure) -> HTTPRequest {
        guard let url = URLComponents(string: request.url), let host = url.percentEncodedHost else { return request }
        let credentials = AWSCredentials(
            accessKeyID: try accessKeyID.text(context) ?? "", secretAccessKey: try secretAccessKey.text(context) ?? "",
            sessionToken: try sessionToken?.text(context))
        let signer = SignatureV4(credentials, region: try region.text(context) ?? "", service: try service.text(context) ?? "")
        var body: [UInt8] = []
        if case .bytes(let bytes) = request.body { body = bytes }
        let signs = { (name: String) in name == "content-type" || name.hasPrefix("x-amz-") }
        let headers = signer.sign(
            SignatureV4.Request(
                method: request.method.rawValue, host: host + (url.port.map { ":\($0)" } ?? ""),
                path: url.percentEncodedPath.isEmpty ? "/" : url.percentEncodedPath, query: Self.canonical(url.percentEncodedQuery ?? ""),
                headers: request.headers.filter { signs($0.name.lowercased()) },
                payload: .sha256(Hexadecimal.text(SHA256.hash(data: body)))),
            secondsSince1970: now)
        var request = request
        request.headers = request.headers.filter { !signs($0.name.lowercased()) } + headers
        request.sensitiveHeaders += ["Authorization", "x-amz-security-token"]
        return request
    }

    /// Each name and value encoded once, in the order of the names.
    private static func canonical(_ query: String) -> String {
        let pairs = query.split(separator: "&").map { pair in
            pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { part in
                PercentEncoding.encoded(String(part).removingPercentEncoding ?? String(part))
            }
        }
        return pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }.sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
    }
}
