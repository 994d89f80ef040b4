import Crypto
import ExportCore
import Foundation

/// Where APIs report that something has happened to an export: a URL for each job, which nobody can guess.
///
/// `BASE/v1/callbacks/JOB/SIGNATURE`; the signature is the first half of the HMAC-SHA256 of the job's id (RFC 2104), in base64url.
public struct CallbackAddress: Sendable {
    private let base: String
    private let key: SymmetricKey

    /// The path in front of the job and its signature.
    public static let path = "/v1/callbacks/"
    /// The shortest secret, in bytes.
    public static let shortestSecret = 24

    /// - Parameters:
    ///   - base: an http or https URL by which the APIs reach `longhaul callbacks`.
    ///   - secret: at least `shortestSecret` bytes.
    /// - Returns: `nil` if one of them is unusable.
    public init?(base: String, secret: String) {
        var base = base
        while base.hasSuffix("/") { base.removeLast() }
        guard let url = URL(string: base), ["http", "https"].contains(url.scheme), url.host != nil, url.query == nil, url.fragment == nil,
            secret.utf8.count >= Self.shortestSecret
        else { return nil }
        self.base = base
        key = SymmetricKey(data: Data(secret.utf8))
    }

    public func url(of job: JobID) -> String { base + Self.path + job.text + "/" + signature(of: job) }

    /// Compares in constant time.
    public func isValid(_ signature: String, of job: JobID) -> Bool {
        guard let told = Self.bytes(signature) else { return false }
        // The whole code is compared, the half that is not told being our own.
        let own = code(of: job)
        return HMAC<SHA256>.isValidAuthenticationCode(
            told + own.suffix(own.count - told.count), authenticating: Self.message(job), using: key)
    }

    private func signature(of job: JobID) -> String {
        code(of: job).prefix(Self.length).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static let length = 16

    private func code(of job: JobID) -> Data { Data(HMAC<SHA256>.authenticationCode(for: Self.message(job), using: key)) }

    private static func message(_ job: JobID) -> Data { Data("longhaul callback\n\(job.text)".utf8) }

    private static func bytes(_ signature: String) -> Data? {
        guard signature.utf8.count == 22 else { return nil }
        let data = Data(base64Encoded: signature.replacing("-", with: "+").replacing("_", with: "/") + "==")
        return data?.count == length ? data : nil
    }
}
