import CCurl

extension EasyHandle {
    /// A body up to this size is copied and sent with the header in one write; a longer one is read in pieces.
    private static let longestCopied = 16 << 10

    /// Sets the options that differ between transfers. The result is not OK if libcurl rejects an option.
    func prepare(for transfer: Transfer) -> CURLcode {
        let request = transfer.request
        refusal = CURLE_OK
        clearError()
        set(CURLOPT_URL, request.url)
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(request.timeouts.connect.nanoseconds / 1_000_000)))
        let hasBody = setMethodAndBody(transfer)
        setHeaders(request, hasBody: hasBody)
        apply(
            Settings(
                clientCertificate: transfer.clientCertificate, isStream: transfer.isStream,
                acceptsCompression: request.acceptsCompression && !transfer.isStream, proxy: transfer.proxy))
        return refusal
    }

    /// Clears the transfer's options.
    func clear() {
        transfer = nil
        shim_set_list(pointer, CURLOPT_HTTPHEADER, nil)
        curl_slist_free_all(headerList)
        headerList = nil
    }

    private func setMethodAndBody(_ transfer: Transfer) -> Bool {
        let method = transfer.request.method
        // Resets what the last transfer set: no body, upload, post.
        set(CURLOPT_HTTPGET, 1)
        var implied = HTTPMethod.get
        var hasBody = true
        switch transfer.request.body {
        case .none where method == .head:
            set(CURLOPT_NOBODY, 1)
            implied = .head
            hasBody = false
        case .none where method == .post || method == .put || method == .patch:
            implied = .post
            copyBody([])
        case .none:
            hasBody = false
        case .bytes(let bytes) where bytes.count <= Self.longestCopied:
            implied = .post
            copyBody(bytes)
        case .bytes(let bytes):
            implied = .put
            upload(Upload(bytes), transfer)
        case .stream(let length, _):
            implied = .put
            upload(Upload(streamOf: length), transfer)
        }
        set(CURLOPT_CUSTOMREQUEST, method == implied ? nil : method.rawValue)
        return hasBody
    }

    private func copyBody(_ bytes: [UInt8]) {
        set(CURLOPT_POST, 1)
        // An empty array may have no address, which libcurl treats as no body.
        if bytes.isEmpty { return note(shim_set_body_copy(pointer, "", 0)) }
        bytes.withUnsafeBytes { note(shim_set_body_copy(pointer, $0.baseAddress, curl_off_t($0.count))) }
    }

    private func upload(_ upload: Upload, _ transfer: Transfer) {
        transfer.upload = upload
        set(CURLOPT_UPLOAD, 1)
        note(shim_set_size(pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(upload.length ?? -1)))
    }

    private func setHeaders(_ request: HTTPRequest, hasBody: Bool) {
        for header in request.headers {
            // `Name:` alone would make libcurl omit the header.
            append(header.value.utf8.allSatisfy(\.isBlank) ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        if hasBody {
            // Waiting for `100 Continue` costs a round trip, or a second if the server does not support it.
            append("Expect:")
            // Otherwise libcurl sends the content type of a form.
            if !request.headers.contains(where: { $0.name.equalsIgnoringCase("content-type") }) { append("Content-Type:") }
        }
        note(shim_set_list(pointer, CURLOPT_HTTPHEADER, headerList))
    }

    private func append(_ line: String) {
        guard let list = curl_slist_append(headerList, line) else { return note(CURLE_OUT_OF_MEMORY) }
        headerList = list
    }

    private func apply(_ new: Settings) {
        guard new != settings else { return }
        set(CURLOPT_BUFFERSIZE, new.isStream ? 64 << 10 : 16 << 10)
        set(CURLOPT_PROXY, new.proxy ?? "")
        set(CURLOPT_ACCEPT_ENCODING, new.acceptsCompression ? "" : nil)
        set(CURLOPT_SSLCERT, new.clientCertificate?.certificateFile)
        set(CURLOPT_SSLKEY, new.clientCertificate?.keyFile)
        set(CURLOPT_KEYPASSWD, new.clientCertificate?.keyPassword)
        settings = new
    }
}
