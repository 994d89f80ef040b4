import ExportCore
import JQ

/// A body of the type multipart/form-data (RFC 7578).
struct MultipartForm {
    /// `NAME: TEMPLATE`, or `NAME: {content, filename, type}` for a file.
    struct Field {
        let name: String
        let content: Template
        let fileName: Template?
        let type: String?

        var parts: ContextParts { content.parts.union(fileName?.parts ?? []) }
    }

    struct Part {
        var name: String
        var content: String
        var fileName: String?
        var type: String?
    }

    let type: String
    let bytes: [UInt8]

    init(_ parts: [Part]) {
        // The same parts always give the same bytes, so that a recorded request can be compared.
        let boundary = Self.boundary(for: parts)
        var text = ""
        for part in parts {
            text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.quoted(part.name))\""
            if let name = part.fileName { text += "; filename=\"\(Self.quoted(name))\"" }
            if let type = part.type ?? part.fileName.map({ _ in "application/octet-stream" }) { text += "\r\nContent-Type: \(type)" }
            text += "\r\n\r\n\(part.content)\r\n"
        }
        type = "multipart/form-data; boundary=\(boundary)"
        bytes = Array((text + "--\(boundary)--\r\n").utf8)
    }

    private static func boundary(for parts: [Part]) -> String {
        var number = 0
        while true {
            let boundary = "longhaul-part-\(number)"
            let isTaken = parts.contains { part in
                [part.content, part.name, part.fileName ?? ""].contains { Array($0.utf8).firstRange(of: Array(boundary.utf8)) != nil }
            }
            if !isTaken { return boundary }
            number += 1
        }
    }

    /// As browsers write a name: RFC 7578, section 2, leaves it open.
    private static func quoted(_ name: String) -> String {
        name.escaping { scalar in
            switch scalar {
            case "\r": "%0D"
            case "\n": "%0A"
            case "\"": "%22"
            default: nil
            }
        }
    }
}

extension MultipartForm {
    static func fields(_ field: ProviderAPI.Field, _ compiler: FilterCompiler) -> [Field] {
        guard let section = Section(field) else {
            field.problem("\(field.kind) where a mapping is expected", fix: "write NAME: TEXT, or NAME: { content, filename, type }")
            return []
        }
        return section.fields.compactMap { entry in
            guard entry.value.node.mapping != nil else {
                return compiler.requestText(entry.value).map { Field(name: entry.key, content: $0, fileName: nil, type: nil) }
            }
            guard let file = entry.value.section(["content", "filename", "type"]) else { return nil }
            let content = file.required("content", fix: "write the file's content").flatMap { compiler.template($0) }
            let fileName = file["filename"].flatMap { compiler.template($0) }
            let type = file["type"]?.text(fix: "write a media type such as text/csv")
            if let type, type.unicodeScalars.contains(where: { $0.value < 0x20 }) {
                file["type"]?.problem("a line break or control character", fix: "write a media type such as text/csv")
            }
            return content.map { Field(name: entry.key, content: $0, fileName: fileName, type: type) }
        }
    }

    /// A field whose filter gives no output is left out.
    static func parts(_ fields: [Field], _ context: JQValue, _ sources: JSONSources) throws(Failure) -> [Part] {
        var parts: [Part] = []
        for field in fields {
            guard let content = try field.content.text(context, sources) else { continue }
            parts.append(
                Part(name: field.name, content: content, fileName: try field.fileName?.text(context, sources), type: field.type))
        }
        return parts
    }
}
