import Encoding
import Foundation
import JQ
import SwiftASN1

/// When a credential ends, if it says so itself.
public enum CredentialEnd {
    /// The end of the first certificate of a PEM file (X.509, RFC 5280, section 4.1), in seconds since 1970; `nil` if there is none.
    public static func ofCertificate(_ path: String) -> Int64? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let first = try? PEMDocument.parseMultiple(pemString: text).first,
            let root = try? DER.parse(first.derBytes)
        else { return nil }
        return try? DER.sequence(root, identifier: .sequence) { certificate in
            let body = certificate.next()
            while certificate.next() != nil {}
            return try body.map { try notAfter($0) }
        }
    }

    private static func notAfter(_ body: ASN1Node) throws -> Int64 {
        try DER.sequence(body, identifier: .sequence) { fields in
            // Version, serial number, signature algorithm and issuer come before the validity. The version may be missing.
            guard case .constructed(let children) = body.content else { throw Unreadable() }
            var first = children.makeIterator()
            let hasVersion = first.next()?.identifier.tagClass == .contextSpecific
            for _ in 0..<(hasVersion ? 4 : 3) { _ = fields.next() }
            guard let validity = fields.next() else { throw Unreadable() }
            while fields.next() != nil {}
            return try DER.sequence(validity, identifier: .sequence) { times in
                guard times.next() != nil, let end = times.next() else { throw Unreadable() }
                return try seconds(end)
            }
        }
    }

    private struct Unreadable: Error {}

    private static func seconds(_ node: ASN1Node) throws -> Int64 {
        let parts: [Int]
        if node.identifier == .generalizedTime {
            let time = try GeneralizedTime(derEncoded: node)
            parts = [time.year, time.month, time.day, time.hours, time.minutes, time.seconds]
        } else {
            let time = try SwiftASN1.UTCTime(derEncoded: node)
            parts = [time.year, time.month, time.day, time.hours, time.minutes, time.seconds]
        }
        let words = parts.map { $0 < 10 ? "0\($0)" : "\($0)" }
        guard let time = Encoding.UTCTime("\(words[0])-\(words[1])-\(words[2])T\(words[3]):\(words[4]):\(words[5])Z") else {
            throw Unreadable()
        }
        return time.milliseconds / 1000
    }

    /// `exp` of a JSON Web Token (RFC 7519, section 4.1.4), in seconds since 1970; `nil` for any other text.
    static func ofToken(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let claims = WebTokenText.decoded(parts[1]), let value = try? JQValue(json: [UInt8](claims)),
            value.kind == .object,
            let end = value["exp"]?.number, end.isFinite, (0..<1e11).contains(end)
        else { return nil }
        return Int64(end)
    }
}

extension ProviderClient {
    /// The credentials of the provider file that say when they end: its client certificate, and secrets that are JSON Web Tokens.
    /// - Returns: what each is, and its end in seconds since 1970.
    public func credentialEnds() -> [(what: String, end: Int64)] {
        var ends: [(what: String, end: Int64)] = []
        if let end = plan.tls.flatMap({ CredentialEnd.ofCertificate($0.certificate) }) { ends.append(("tls.certificate", end)) }
        for (name, value) in secrets.object.entries ?? [] {
            if let end = value.string.flatMap(CredentialEnd.ofToken) { ends.append((name, end)) }
        }
        return ends
    }
}
