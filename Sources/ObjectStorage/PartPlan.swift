/// The part sizes of a multipart upload of unknown length: as small as S3's limits allow for an object that may become large
/// (10,000 parts, 5 TiB, a part of 5 MiB to 5 GiB).
enum PartPlan {
    static let maxParts = 10_000
    static let maxObjectBytes: Int64 = 5 << 40
    /// An object up to this size is sent in one PUT.
    static let firstPartBytes = 8 << 20

    /// 8 MiB up to 8.4 GB, 16 MiB up to 25 GB, and so on: the size doubles after every 1,000 parts.
    /// - Parameter number: 1 to 10,000.
    static func bytes(ofPart number: Int) -> Int { firstPartBytes << ((number - 1) / 1000) }
}
