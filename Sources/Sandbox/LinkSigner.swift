import Crypto
import Encoding
import Foundation

/// Signs file links by HMAC-SHA256 over export, file and expiry, like presigned URLs of object stores.
struct LinkSigner: Sendable {
    private let key: SymmetricKey

    init(seed: UInt64) {
        let material = (0..<32).map { UInt8(truncatingIfNeeded: Draw(seed, .linkKey, $0).bits) }
        key = SymmetricKey(data: material)
    }

    /// - Parameter expires: seconds since 1970.
    /// - Returns: 64 hexadecimal digits.
    func signature(export: ExportID, file: Int, expires: Int64) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: message(export, file, expires), using: key)
        return Hexadecimal.text(code)
    }

    func isValid(_ signature: String, export: ExportID, file: Int, expires: Int64) -> Bool {
        guard let code = Hexadecimal.bytes(signature) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message(export, file, expires), using: key)
    }

    private func message(_ export: ExportID, _ file: Int, _ expires: Int64) -> Data {
        Data("\(export.text)/\(file)/\(expires)".utf8)
    }
}
