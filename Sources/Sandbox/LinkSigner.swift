import Crypto
import Foundation

/// Signs links to files by HMAC-SHA256 over export, file and expiry, as presigned URLs of object stores are.
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

/// Bytes as lower-case hexadecimal digits.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil unless all are pairs of digits.
    static func bytes(_ text: String) -> [UInt8]? {
        let values = text.utf8.map { digits.firstIndex(of: $0) }
        guard values.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: values.count, by: 2) {
            guard let high = values[index], let low = values[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
