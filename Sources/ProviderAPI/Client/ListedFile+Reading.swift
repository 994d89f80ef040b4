import Encoding
import ExportCore
import Foundation
import JQ

extension ListedFile {
    /// Reads the outputs of `files.items`; an output that is a list stands for its elements.
    /// - Parameter base: the URL that relative ones are resolved against.
    /// - Throws: `invalid-file-list`, permanent, which names the item and what is wrong with it.
    static func files(_ outputs: [JQValue], base: String) throws(Failure) -> [ListedFile] {
        var files: [ListedFile] = []
        for item in outputs.flatMap({ $0.elements ?? [$0] }) {
            files.append(try ListedFile(item, number: files.count, base: base))
        }
        return files
    }

    private init(_ item: JQValue, number: Int, base: String) throws(Failure) {
        func wrong(_ what: String) -> Failure {
            Failure(.permanent, code: "invalid-file-list", message: "files.items: item \(number) \(what)")
        }
        guard item.kind == .object else { throw wrong("is no object but \(item.json.prefix(100))") }
        guard let reference = item["url"]?.string, !reference.isEmpty else { throw wrong("has no url") }
        guard let url = WebURL.resolve(WebURL.escaped(reference), against: base) else {
            throw wrong("has a url that is neither http nor https")
        }
        self.url = url
        switch item["name"] {
        case nil: name = WebURL.fileName(url)
        case let value? where value.isNull || value.string == "": name = WebURL.fileName(url)
        case let value?:
            guard value.kind == .string || value.kind == .number else { throw wrong("has a name that is no text") }
            name = value.text
        }
        guard name.utf8.count <= 1024 else { throw wrong("has a name of more than 1024 bytes") }
        guard let bytes = Self.size(item["bytes"]) else { throw wrong("has bytes that are no size") }
        guard let sha256 = Self.digest(item["sha256"], bytes: 32) else { throw wrong("has a sha256 that is none") }
        guard let md5 = Self.digest(item["md5"], bytes: 16) else { throw wrong("has an md5 that is none") }
        (self.bytes, self.sha256, self.md5) = (bytes, sha256, md5)
    }

    /// The outer `nil` is a wrong value, the inner one none.
    private static func size(_ value: JQValue?) -> Int64?? {
        guard let value, !value.isNull else { return .some(nil) }
        let number = value.number ?? value.string.flatMap { Double($0) }
        guard let number, let size = Int64(exactly: number), size >= 0 else { return nil }
        return size
    }

    /// Hexadecimal or base64.
    private static func digest(_ value: JQValue?, bytes: Int) -> String?? {
        guard let value, !value.isNull else { return .some(nil) }
        guard let text = value.string else { return nil }
        if let digest = Hexadecimal.bytes(text), digest.count == bytes { return Hexadecimal.text(digest) }
        guard let data = Data(base64Encoded: text), data.count == bytes else { return nil }
        return Hexadecimal.text(data)
    }
}
