import ExportCore

/// `download:` — the filters and templates of downloads; their plain values are in `DownloadRules`.
struct DownloadPlan {
    /// The request for a file; `nil`: a GET of its URL.
    let request: RequestTemplate?
    /// Who signs links to S3.
    let s3: S3Signing?
    let headers: [RequestTemplate.Parameter]
    let reading: AnswerReading
    let requestParts: ContextParts

    /// Whether a rule reads the body of an answer.
    var readsBody: Bool { reading.parts.contains(.body) }

    init(
        _ field: Field?, _ rules: inout DownloadRules, _ credentials: Credentials, _ defaults: AnswerDefaults, _ compiler: FilterCompiler
    ) {
        let requestKeys = ["request", "query"] + RequestBody.keys
        let section = field?.section(["auth", "unpack", "headers", "noContent", "expect", "errors", "s3"] + requestKeys)
        rules.auth = section?["auth"]?.boolean()
        rules.unpack = section?["unpack"]?.word(UnpackRule.self, later: ["tar", "zstd", "bzip2", "xz", "7z"]) ?? .auto
        rules.noContent = section?["noContent"]?.word(NoContentRule.self) ?? .notYet
        rules.expectedTypes = section?["expect"].map { Self.types($0) } ?? []
        // Without auth, a header may take its place.
        let names = rules.auth == false ? [] : compiler.credentials
        let headers =
            section.map { section in
                compiler.having([.anywhere, .export]) {
                    HeaderFields.read(section["headers"], credentials: names, compiler)
                }
            } ?? []
        self.headers = headers
        s3 = S3Signing(section?["s3"], credentials, compiler)
        request = section.flatMap { section in
            for key in requestKeys where key != "request" && section.has(key) && !section.has("request") {
                section[key]?.problem("\(key) without request", fix: "add request, such as POST /download, or remove \(key)")
            }
            guard section.has("request") else { return nil }
            return compiler.having([.anywhere, .export, .file]) { RequestTemplate(ofDownload: section, compiler) }
        }
        reading = compiler.having([.anywhere, .export]) { AnswerReading(section, defaults, compiler) }
        requestParts = headers.reduce(into: (request?.parts ?? []).union(s3?.parts ?? [])) { $0.formUnion($1.value.parts) }
    }

    /// Reads `{ type: TYPE }`, where TYPE is a media type or a list of them.
    private static func types(_ field: Field) -> [String] {
        let fix = "write a media type, such as text/csv, text/* or */*"
        guard let section = field.section(["type"]), let types = section.required("type", fix: fix) else { return [] }
        if types.elements.isEmpty { types.problem("an empty list, which no file can match", fix: "list media types, or remove expect") }
        return types.elements.compactMap { element in
            guard let text = element.text(fix: fix)?.lowercased() else { return nil }
            let halves = text.split(separator: "/", omittingEmptySubsequences: false)
            let isType =
                halves.count == 2
                && halves.allSatisfy { half in
                    half == "*" || !half.isEmpty && half.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-._".contains($0)) }
                }
            guard isType else {
                element.problem("\"\(text)\" is not a media type", fix: fix)
                return nil
            }
            return text
        }
    }
}
