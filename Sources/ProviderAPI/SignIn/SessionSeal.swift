import Crypto
import Encoding
import Foundation

/// Encrypts sessions for the store with AES-256-GCM. The first key seals; each of them opens, so that keys can be replaced.
public struct SessionSeal: Sendable {
    private let keys: [(id: String, key: SymmetricKey)]

    /// With a key that only this process has.
    static var ofProcess: SessionSeal { SessionSeal([("own", SymmetricKey(size: .bits256))]) }

    private init(_ keys: [(id: String, key: SymmetricKey)]) { self.keys = keys }

    /// - Parameter keys: base64 of 32 bytes each, separated by commas.
    /// - Throws: `SessionSealError` for anything else.
    public init(keys text: String) throws(SessionSealError) {
        var keys: [(id: String, key: SymmetricKey)] = []
        for (index, part) in text.split(separator: ",").enumerated() {
            guard let bytes = Data(base64Encoded: part.trimmingCharacters(in: .whitespacesAndNewlines)), bytes.count == 32 else {
                throw SessionSealError(message: "key \(index + 1) is not base64 of 32 bytes; make one with openssl rand -base64 32")
            }
            keys.append((Self.id(bytes), SymmetricKey(data: bytes)))
        }
        guard !keys.isEmpty else { throw SessionSealError(message: "no key; make one with openssl rand -base64 32") }
        self.keys = keys
    }

    /// - Parameter provider: must be the same to open it.
    func seal(_ values: String, of provider: String) throws(SessionSealError) -> String {
        do {
            let box = try AES.GCM.seal(Data(values.utf8), using: keys[0].key, authenticating: Data(provider.utf8))
            guard let combined = box.combined else { throw SessionSealError(message: "the session cannot be encrypted") }
            return "\(keys[0].id):\(combined.base64EncodedString())"
        } catch {
            throw SessionSealError(message: "the session cannot be encrypted")
        }
    }

    /// - Throws: if none of the keys sealed it, or it was changed.
    func open(_ sealed: String, of provider: String) throws(SessionSealError) -> String {
        let parts = sealed.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let data = Data(base64Encoded: String(parts[1])) else {
            throw SessionSealError(message: "the stored session cannot be read")
        }
        guard let key = keys.first(where: { $0.id == parts[0] })?.key else {
            throw SessionSealError(message: "the stored session was encrypted with another key; add it to LONGHAUL_SECRETS_KEY")
        }
        do {
            let box = try AES.GCM.SealedBox(combined: data)
            return String(decoding: try AES.GCM.open(box, using: key, authenticating: Data(provider.utf8)), as: UTF8.self)
        } catch {
            throw SessionSealError(message: "the stored session was changed, or belongs to another provider")
        }
    }

    private static func id(_ key: Data) -> String { Hexadecimal.text(SHA256.hash(data: key).prefix(4)) }
}

public struct SessionSealError: Error, Sendable, CustomStringConvertible {
    public let message: String
    public var description: String { message }
}
