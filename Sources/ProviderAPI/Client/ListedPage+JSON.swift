import Foundation

/// A page that is stored with its job until its files are: the answer that it came with may be available only once.
extension ListedPage {
    /// `nil` if it is too long to be stored; the files are then listed by a request.
    public var json: String? {
        guard let data = try? JSONEncoder().encode(self), data.count <= Self.longestStored else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// - Parameter json: as `json` made it; `nil` for anything else.
    public init?(json: String) {
        guard let page = try? JSONDecoder().decode(ListedPage.self, from: Data(json.utf8)) else { return nil }
        self = page
    }

    private static let longestStored = 1 << 20
}
