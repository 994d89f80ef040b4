import Encoding
import NIOCore
import NIOHTTP1

/// Lists and sends files.
extension SandboxAPI {
    func list(_ text: Substring, _ request: APIRequest) -> APIAnswer {
        guard let id = ExportID(text) else { return unknownExport }
        let token = request.parameter("page") ?? ""
        guard let first = token.isEmpty ? 0 : PageToken(token)?.first else {
            return .response(.error(.badRequest, "bad-page", "the page token is not valid; use nextPage of a listing"))
        }
        switch registry.list(id, from: first) {
        case .unknown: return unknownExport
        case .fault(let fault): return answer(fault)
        case .answer(let page):
            switch page.status {
            case .done, .noData: break
            case .draft, .queued, .running: return .response(.error(.conflict, "not-ready", "the export is \(page.status.rawValue)"))
            case .fatal, .cancelled: return .response(.error(.gone, "no-files", "the export is \(page.status.rawValue)"))
            }
            guard !page.files.isEmpty else { return .response(emptyListing) }
            let base = baseURL(request)
            return .later { .response(try listing(page, base: base)) }
        }
    }

    private var emptyListing: APIResponse {
        .json(.ok) { json in
            json.array("files") { _ in }
            json.field("nextPage", nil as String?)
        }
    }

    private func listing(_ page: ExportRegistry.Page, base: String) throws -> APIResponse {
        var files: [(ExportRegistry.ListedFile, FileFacts)] = []
        for file in page.files { files.append((file, try facts.facts(of: file.layout))) }
        return .json(.ok) { json in
            json.array("files") { list in
                for (file, facts) in files {
                    list.object { write(file, facts, base: page.late == nil ? base : nil, &$0) }
                }
            }
            json.field("nextPage", page.next.map { PageToken(first: $0).text })
        }
    }

    /// - Parameter base: the start of links; nil lists the file without a link.
    private func write(_ file: ExportRegistry.ListedFile, _ facts: FileFacts, base: String?, _ json: inout JSONWriter) {
        let layout = file.layout
        let lifetime = configuration.linkLifetime.nanoseconds
        let expires = (registry.clock.now() + (file.isExpired ? -1_000_000_000 : lifetime)) / 1_000_000_000
        let signature = signer.signature(export: layout.export, file: layout.index, expires: expires)
        let path = "/v2/files/\(layout.export.text)/\(layout.index)/\(layout.name)"
        json.field("name", layout.name)
        json.field("url", base.map { "\($0)\(path)?expires=\(expires)&signature=\(signature)" })
        json.field("bytes", facts.bytes)
        if configuration.checksums.contains(.sha256) { json.field("sha256", Hexadecimal.text(facts.sha256)) }
        if configuration.checksums.contains(.md5) { json.field("md5", Hexadecimal.text(facts.md5)) }
        json.field("expires", base.map { _ in Int(expires) })
    }

    /// The start of links: the configured URL, or the host that this client used.
    private func baseURL(_ request: APIRequest) -> String {
        if let configured = configuration.publicURL { return configured }
        let host = request.headers.first(name: "Host") ?? ""
        let isPlain = !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
        return "http://\(isPlain ? host : configuration.host)"
    }

    func download(_ parts: [Substring], _ request: APIRequest) -> APIAnswer {
        if request.headers.contains(name: "Authorization") { registry.countCredentialsOnDownload() }
        guard parts.count == 3, let id = ExportID(parts[0]), let index = Int(parts[1]) else {
            return .response(.error(.notFound, "no-such-file", "no such file"))
        }
        guard let expires = request.parameter("expires").flatMap({ Int64($0) }),
            let signature = request.parameter("signature"),
            signer.isValid(signature, export: id, file: index, expires: expires)
        else { return .response(.error(.forbidden, "bad-signature", "the link is not signed by this API")) }
        guard registry.clock.now() < expires * 1_000_000_000 else {
            let status = HTTPResponseStatus(statusCode: configuration.expiredLinkStatus)
            return .response(.error(status, "link-expired", "the link has expired; list the files again"))
        }
        switch registry.download(id, file: index) {
        case .unknown: return .response(.error(.notFound, "no-such-file", "no such file"))
        case .fault(let fault): return answer(fault)
        case .answer(let download):
            guard download.layout.name == parts[2] else {
                return .response(.error(.notFound, "no-such-file", "no such file"))
            }
            let range = request.headers.first(name: "Range")
            return .later { try send(download, range: range) }
        }
    }
}

/// The start of a page of files, as an opaque token.
struct PageToken {
    var first: Int

    init(first: Int) {
        self.first = first
    }

    init?(_ text: String) {
        guard text.hasPrefix("p"), let first = Int(text.dropFirst()), first >= 0 else { return nil }
        self.first = first
    }

    var text: String { "p\(first)" }
}
