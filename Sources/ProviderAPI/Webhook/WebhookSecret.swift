import Crypto
import Foundation

/// A secret that webhook messages are signed with: `whsec_` and the Base64 of 24 to 64 bytes (Standard Webhooks 1.0.0, "Signature scheme").
public struct WebhookSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    private let key: SymmetricKey

    /// `nil` if the text is no such secret.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), let bytes = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            (24...64).contains(bytes.count)
        else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// Several, separated by spaces, line breaks or commas, so that receivers can move from one to the next.
    /// - Returns: `nil` if one of them is none.
    public static func list(_ text: String) -> [WebhookSecret]? {
        let words = text.split { $0 == "," || $0.isWhitespace }
        let secrets = words.compactMap { WebhookSecret(String($0)) }
        return secrets.count == words.count && secrets.count <= most ? secrets : nil
    }

    /// More would only make headers long.
    public static let most = 8
    public static let rule = "whsec_ and the Base64 of 24 to 64 bytes (echo \"whsec_$(openssl rand -base64 32)\")"
    private static let prefix = "whsec_"

    /// `v1,` and the Base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.
    /// - Parameters:
    ///   - id: without a dot, which separates the parts.
    ///   - timestamp: of the attempt, in seconds since 1970.
    public func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        var hmac = HMAC<SHA256>(key: key)
        hmac.update(data: Data("\(id).\(timestamp).".utf8))
        hmac.update(data: body)
        return "v1,\(Data(hmac.finalize()).base64EncodedString())"
    }

    public var description: String { "whsec_***" }
    public var debugDescription: String { description }
}
