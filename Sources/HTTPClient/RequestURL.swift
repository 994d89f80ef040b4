import CCurl

/// What the client must know about a URL without parsing it fully: libcurl's parser decides where a request goes.
enum RequestURL {
    /// The scheme, host and port in lower case, without default ports, or `nil` if the text is not an http or https URL or contains
    /// white space or a control character.
    static func origin(_ url: String) -> String? {
        var url = url
        return url.withUTF8 { bytes in
            guard !bytes.contains(where: { $0 <= 0x20 || $0 == 0x7F }), let start = authorityStart(bytes) else { return nil }
            let isSecure = start == 8
            var authority = bytes[start..<authorityEnd(bytes, from: start)]
            if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
            let defaultPort: StaticString = isSecure ? ":443" : ":80"
            if authority.suffix(defaultPort.utf8CodeUnitCount).elementsEqual(defaultPort.bytes) {
                authority = authority.dropLast(defaultPort.utf8CodeUnitCount)
            }
            guard let first = authority.first, first != UInt8(ascii: ":") else { return nil }
            return String(unsafeUninitializedCapacity: start + authority.count) { buffer in
                var count = 0
                for byte in bytes[..<start] { buffer[count] = byte.inLowerCase; count += 1 }
                for byte in authority { buffer[count] = byte.inLowerCase; count += 1 }
                return count
            }
        }
    }

    /// The URL for logs and errors, without userinfo, query and fragment, which may contain credentials.
    static func redacted(_ url: String) -> String {
        let bytes = Array(url.utf8)
        let end = bytes.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.count
        guard let start = authorityStart(bytes[...]) else {
            // Not a URL: secrets cannot be distinguished from the rest.
            return "(not an http or https URL)"
        }
        var host = start
        let authorityEnd = authorityEnd(bytes, from: start)
        if let at = bytes[start..<authorityEnd].lastIndex(of: UInt8(ascii: "@")) { host = at + 1 }
        let shown = bytes[..<start] + bytes[host..<max(host, end)].prefix(500)
        return String(decoding: shown.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
    }

    static func isSecure(_ url: String) -> Bool { url.utf8.prefix(6).map(\.inLowerCase).elementsEqual("https:".utf8) }

    /// Resolves the reference of a `Location` field with libcurl's parser; `nil` if the result is not a valid URL.
    static func resolve(_ reference: String, against base: String) -> String? {
        guard let url = curl_url() else { return nil }
        defer { curl_url_cleanup(url) }
        let flags = UInt32(CURLU_PATH_AS_IS | CURLU_URLENCODE | CURLU_ALLOW_SPACE)
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_set(url, CURLUPART_URL, base, UInt32(CURLU_PATH_AS_IS)) == CURLUE_OK,
            curl_url_set(url, CURLUPART_URL, reference, flags) == CURLUE_OK,
            curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK, let text
        else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static func authorityStart(_ bytes: some RandomAccessCollection<UInt8>) -> Int? {
        let head = bytes.prefix(8).map(\.inLowerCase)
        if head.starts(with: "http://".utf8) { return 7 }
        return head.elementsEqual("https://".utf8) ? 8 : nil
    }

    private static func authorityEnd<Bytes: RandomAccessCollection<UInt8>>(_ bytes: Bytes, from start: Int) -> Int
    where Bytes.Index == Int {
        let ends: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "\\")]
        return bytes[start...].firstIndex(where: ends.contains) ?? bytes.endIndex
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
