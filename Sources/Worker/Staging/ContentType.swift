/// The media types of the files that exports contain.
enum ContentType {
    private static let bySuffix = [
        "csv": "text/csv", "tsv": "text/tab-separated-values", "txt": "text/plain", "json": "application/json",
        "ndjson": "application/x-ndjson", "jsonl": "application/x-ndjson", "xml": "application/xml", "gz": "application/gzip",
        "zip": "application/zip", "parquet": "application/vnd.apache.parquet", "html": "text/html", "pdf": "application/pdf",
        "tar": "application/x-tar", "svg": "image/svg+xml",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ]

    static func of(_ name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "application/octet-stream" }
        return bySuffix[name[name.index(after: dot)...].lowercased()] ?? "application/octet-stream"
    }
}
