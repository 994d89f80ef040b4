/// What the tables of the reference page say about the keys of provider files.
struct KeyDescriptions {
    private struct Row {
        let heading: String
        let text: String
    }

    /// By key, as the first cell of a row names it: `interval`, or `polling.interval`.
    private var rows: [String: [Row]] = [:]

    init(_ page: String) {
        var heading = ""
        for line in page.split(separator: "\n") {
            if line.hasPrefix("#") { heading = line.drop { $0 == "#" || $0 == " " }.lowercased() }
            guard line.hasPrefix("| `") else { continue }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map { Self.plain(String($0)) }
            guard cells.count > 3 else { continue }
            let texts = cells.dropFirst(2).filter { !$0.isEmpty }
            let text =
                texts.count > 1
                ? "\(texts[0]) (default: \(texts[1]))".replacing("(default: required)", with: "(required)") : texts.first ?? ""
            for key in Self.keys(String(line)) { rows[key, default: []].append(Row(heading: heading, text: text)) }
        }
    }

    /// - Parameter place: the path of a key, with `[]` and `*`; empty for the file itself.
    func text(of place: String) -> String? {
        let parts = place.replacing("[]", with: "").split(separator: ".").map(String.init).filter { $0 != "*" }
        guard let last = parts.last else { return nil }
        // The longest name that a row has.
        let names = (1...parts.count).reversed().map { parts.suffix($0).joined(separator: ".") }
        guard let candidates = names.lazy.compactMap({ rows[$0] }).first else { return Self.others[last] }
        // The table of the section that the key stands in, then that of all requests.
        let sections = parts.dropLast().reversed() + (parts.count == 1 ? ["top level"] : ["requests", "bodies", "answers", "sign-in"])
        for section in sections {
            if let row = candidates.first(where: {
                $0.heading.split { !$0.isLetter && $0 != "-" && $0 != " " }.contains { $0.trimmed == section }
            }) {
                return row.text
            }
        }
        return candidates.count == 1 || parts.count > 2 ? candidates[0].text : Self.others[last]
    }

    /// Keys that the page describes in its text.
    private static let others = [
        "accessKeyId": "\"{{ .secrets.AWS_ACCESS_KEY_ID }}\"", "secretAccessKey": "\"{{ .secrets.AWS_SECRET_ACCESS_KEY }}\"",
        "sessionToken": "of temporary credentials", "region": "such as eu-central-1",
        "service": "its name in signatures, such as athena or logs",
        "endpoint": "the URL of an S3 server of another kind", "username": "a template",
        "password": "a template, \"{{ .secrets.PASSWORD }}\"",
        "queued": "the API's values for an export that waits", "running": "the API's values for an export that runs",
        "ready": "the API's values for an export whose files can be listed", "partial": "ready, but a part is missing",
        "empty": "ready, and without files", "failed": "the API's values for an export that failed",
        "expired": "the API no longer has the export",
        "certificate": "a PEM file", "content": "what the file holds", "filename": "the name of the file", "type": "a media type",
        "variables": "as in json",
        "when": "a filter; if it is true, this applies", "class": "what an answer means, a word or a filter",
        "code": "a filter: the error's code",
        "message": "a filter: the error's text", "wait": "when to come back", "error": "how an error is read",
        "export": "{NAME: FILTER}, kept for later requests",
        "as": "what the value is", "header": "the name of a header", "mTLS": "write tls at the top level",
        "mtls": "write tls at the top level",
        "tenant": "the limits of each tenant", "weights": "what requests cost of limits.requests",
        "states": "the states in which it is possible", "tls": "write tls at the top level",
    ]

    /// The names between backticks in the first cell; `bearer: TEMPLATE` names `bearer`.
    private static func keys(_ line: String) -> [String] {
        let cell = line.dropFirst().prefix { $0 != "|" }
        let spans = cell.split(separator: "`", omittingEmptySubsequences: false)
        return spans.indices.filter { !$0.isMultiple(of: 2) }.map { String(spans[$0].prefix { $0 != ":" && $0 != " " }) }
    }

    /// Without the marks of Markdown.
    private static func plain(_ cell: String) -> String {
        cell.replacing(#/\[([^\]]*)\]\([^)]*\)/#) { "\($0.output.1)" }.replacing("`", with: "").replacing("**", with: "").trimmed
    }
}

extension StringProtocol {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
