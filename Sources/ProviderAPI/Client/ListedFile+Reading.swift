import Encoding
import ExportCore
import Foundation
import JQ

extension ListedFile {
    /// Reads the outputs of `files.items`. An output that is a list is replaced by its elements.
    /// - Parameters:
    ///   - base: the URL that relative URLs are resolved against.
    ///   - links: the links that the provider file can follow.
    /// - Throws: `invalid-file-list`, permanent; the message names the item and the problem. `nothing-listed`, `notYet`, if an item has no
    ///   URL: some APIs list a file before it can be fetched.
    static func files(_ outputs: [JQValue], base: String, _ links: DownloadLinks, _ secrets: Secrets) throws(Failure) -> [ListedFile] {
        var files: [ListedFile] = []
        for item in outputs.flatMap({ $0.elements ?? [$0] }) {
            files.append(try ListedFile(item, number: files.count, base: base, links, secrets))
        }
        return files
    }

    /// The file that answers to the request itself. A target of its redirect may be signed for a short time.
    init(itself answer: ProviderResponse) {
        self.init(name: WebURL.fileName(answer.requestURL), url: answer.requestURL, isNamed: false)
    }

    private static func keys(_ item: JQValue) -> String {
        let keys = item.entries?.map(\.key).sorted() ?? []
        return keys.isEmpty ? "it is empty" : "its keys are \(keys.prefix(10).joined(separator: ", "))"
    }

    private init(_ item: JQValue, number: Int, base: String, _ links: DownloadLinks, _ secrets: Secrets) throws(Failure) {
        func wrong(_ what: String) -> Failure {
            Failure(.permanent, code: "invalid-file-list", message: "files.items: item \(number) \(what)")
        }
        guard item.kind == .object else { throw wrong("is not an object: \(secrets.start(of: item.json, atMost: 100))") }
        let value = item["url"] ?? .null
        guard value.isNull || value.string != nil else { throw wrong("has a url that is not text") }
        let reference = SafePath.trimmed(value.string ?? "")
        guard !reference.isEmpty || links.needNoURL else {
            throw Failure(.notYet, code: JobError.nothingListed, message: "files.items: item \(number) has no url yet; \(Self.keys(item))")
        }
        if S3Link.isOne(reference) {
            guard links.followS3 else { throw wrong("has a link to S3, which download.s3 or auth: { aws } must sign") }
            guard S3Link(reference) != nil else { throw wrong("has a link to S3 without a bucket or a key") }
            url = reference
        } else {
            guard let url = WebURL.resolve(WebURL.escaped(reference), against: base) else {
                throw wrong("has a url that is not http or https")
            }
            self.url = url
        }
        guard let id = Self.text(item["id"]) else { throw wrong("has an id that is not text") }
        self.id = id
        let rule = Self.text(item["unpack"])
        unpack = rule?.flatMap { UnpackRule(rawValue: $0) }
        guard rule != nil, rule == .some(nil) || unpack != nil else {
            throw wrong("has an unpack that is none of \(UnpackRule.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let auth = item["auth"] ?? .null
        guard auth.isNull || auth.kind == .boolean else { throw wrong("has an auth that is neither true nor false") }
        self.auth = auth.isNull ? nil : auth.isTruthy
        switch item["name"] {
        case let value? where !value.isNull:
            guard value.kind == .string || value.kind == .number else { throw wrong("has a name that is not text") }
            name = SafePath.trimmed(value.text)
        default: name = ""
        }
        isNamed = !name.isEmpty
        if !isNamed { name = S3Link(url)?.fileName ?? (reference.isEmpty ? id : nil) ?? WebURL.fileName(url) }
        guard name.utf8.count <= 1024 else { throw wrong("has a name longer than 1024 bytes") }
        guard let bytes = Self.size(item["bytes"]) else { throw wrong("has bytes that are not a size") }
        guard let sha256 = Self.digest(item["sha256"], bytes: 32) else { throw wrong("has an invalid sha256") }
        guard let md5 = Self.digest(item["md5"], bytes: 16) else { throw wrong("has an invalid md5") }
        (self.bytes, self.sha256, self.md5) = (bytes, sha256, md5)
    }

    /// The outer `nil` means an invalid value; the inner `nil` means no value.
    private static func text(_ value: JQValue?) -> String?? {
        guard let value, !value.isNull else { return .some(nil) }
        return value.kind == .string || value.kind == .number ? .some(value.text) : nil
    }

    private static func size(_ value: JQValue?) -> Int64?? {
        guard let value, !value.isNull else { return .some(nil) }
        let number = value.number ?? value.string.flatMap { Double($0) }
        guard let number, let size = Int64(exactly: number), size >= 0 else { return nil }
        return size
    }

    /// Accepts hexadecimal or base64.
    private static func digest(_ value: JQValue?, bytes: Int) -> String?? {
        guard let value, !value.isNull else { return .some(nil) }
        guard let text = value.string else { return nil }
        if let digest = Hexadecimal.bytes(text), digest.count == bytes { return Hexadecimal.text(digest) }
        guard let data = Data(base64Encoded: text), data.count == bytes else { return nil }
        return Hexadecimal.text(data)
    }
}
