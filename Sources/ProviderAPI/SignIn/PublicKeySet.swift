import Crypto
import CryptoExtras
import Foundation

/// The public key of a private key as a JSON Web Key Set (RFC 7517, section 5; its members: RFC 7518, section 6).
enum PublicKeySet {
    /// - Parameters:
    ///   - pem: a private key in PEM.
    ///   - id: as in the header of the tokens that it signs.
    /// - Throws: `WebTokenError` if the key is none for the algorithm.
    static func json(_ algorithm: WebTokenAlgorithm, pem: String, id: String?) throws(WebTokenError) -> String {
        var members: [String: String]
        do {
            members = try Self.members(algorithm, pem.replacing("\\n", with: "\n"))
        } catch {
            throw WebTokenError(message: "not a private key in PEM that \(algorithm.rawValue) can sign with")
        }
        members["alg"] = algorithm.rawValue
        members["use"] = "sig"
        members["kid"] = id
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            return String(decoding: try encoder.encode(["keys": [members]]), as: UTF8.self)
        } catch {
            throw WebTokenError(message: "the public key cannot be written as JSON")
        }
    }

    private static func members(_ algorithm: WebTokenAlgorithm, _ pem: String) throws -> [String: String] {
        switch algorithm {
        case .rs256, .rs384, .rs512:
            let numbers = try _RSA.Signing.PrivateKey(pemRepresentation: pem).publicKey.getKeyPrimitives()
            return ["kty": "RSA", "n": WebTokenText.base64(numbers.modulus), "e": WebTokenText.base64(numbers.publicExponent)]
        case .es256: return point("P-256", try P256.Signing.PrivateKey(pemRepresentation: pem).publicKey.rawRepresentation)
        case .es384: return point("P-384", try P384.Signing.PrivateKey(pemRepresentation: pem).publicKey.rawRepresentation)
        }
    }

    /// - Parameter raw: both coordinates, one behind the other.
    private static func point(_ curve: String, _ raw: Data) -> [String: String] {
        let half = raw.count / 2
        return ["kty": "EC", "crv": curve, "x": WebTokenText.base64(raw.prefix(half)), "y": WebTokenText.base64(raw.suffix(half))]
    }
}

enum WebTokenText {
    /// RFC 7515, appendix C.
    static func decoded(_ text: some StringProtocol) -> Data? {
        let standard = String(text).replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: standard + String(repeating: "=", count: (4 - standard.count % 4) % 4))
    }

    static func base64(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
