import Crypto
import CryptoExtras
import Foundation

/// How a JSON Web Token is signed (RFC 7518, section 3.1).
enum WebTokenAlgorithm: String, CaseIterable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case es256 = "ES256"
    case es384 = "ES384"

    /// - Parameter key: a private key in PEM, PKCS 8 or the form of its algorithm.
    func signature(of data: Data, key: String) throws(WebTokenError) -> Data {
        // Environment variables often hold a key on one line.
        let pem = key.replacing("\\n", with: "\n")
        do {
            switch self {
            case .rs256: return try Self.rsa(pem).signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation
            case .rs384: return try Self.rsa(pem).signature(for: SHA384.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation
            case .rs512: return try Self.rsa(pem).signature(for: SHA512.hash(data: data), padding: .insecurePKCS1v1_5).rawRepresentation
            case .es256:
                return try P256.Signing.PrivateKey(pemRepresentation: pem).signature(for: SHA256.hash(data: data)).rawRepresentation
            case .es384:
                return try P384.Signing.PrivateKey(pemRepresentation: pem).signature(for: SHA384.hash(data: data)).rawRepresentation
            }
        } catch {
            // The cause may quote the key.
            throw WebTokenError(message: "not a private key in PEM that \(rawValue) can sign with")
        }
    }

    private static func rsa(_ pem: String) throws -> _RSA.Signing.PrivateKey { try _RSA.Signing.PrivateKey(pemRepresentation: pem) }
}

struct WebTokenError: Error {
    let message: String
}
