extension Redis {
    /// A section of `INFO`, such as `server`, `memory` or `persistence`, as fields: `redis_version`, `maxmemory_policy` …
    public func info(_ section: String) async throws(RedisError) -> [String: String] {
        guard let text = try await send(["INFO", .string(section)]).text else { throw error(.unsupportedReply, "INFO") }
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let field = line.split(separator: ":", maxSplits: 1)
            if field.count == 2 { fields[String(field[0])] = String(field[1]) }
        }
        return fields
    }
}
