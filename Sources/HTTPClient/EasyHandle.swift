import CCurl

/// A libcurl easy handle, reused for one transfer after another.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    var transfer: Transfer?
    /// The owner of the pool; it outlives the handle.
    unowned let multi: Multi

    var headerList: UnsafeMutablePointer<curl_slist>?
    private var resolveList: UnsafeMutablePointer<curl_slist>?
    /// libcurl writes into it for the lifetime of the handle.
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// The first option that libcurl rejected since `prepare` began.
    var refusal = CURLE_OK
    /// The options already set on the handle; setting each again would cost a call per request.
    var settings = Settings()

    /// The address of the last allowed connection, and the policy that allowed it.
    var lastAllowed: (address: [CChar], policy: EgressPolicy)?

    struct Settings: Equatable {
        var clientCertificate: ClientCertificate?
        var isStream = false
        var acceptsCompression = false
        var proxy: String?
    }

    init?(_ multi: Multi) {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        self.multi = multi
        errorText[0] = 0
        for entry in multi.configuration.resolve { resolveList = curl_slist_append(resolveList, entry) }
        setUp()
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(headerList)
        curl_slist_free_all(resolveList)
        errorText.deallocate()
    }

    /// The handle for the pointer that libcurl passes.
    static func of(_ pointer: UnsafeMutableRawPointer?) -> EasyHandle? {
        guard let pointer else { return nil }
        var context: UnsafeMutableRawPointer?
        shim_get_pointer(pointer, CURLINFO_PRIVATE, &context)
        return context.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    func touched(_ transfer: Transfer) { multi.touched.append(transfer) }
}

extension EasyHandle {
    func set(_ option: CURLoption, _ value: Int) { note(shim_set_long(pointer, option, value)) }
    func set(_ option: CURLoption, _ value: String?) {
        if let value { note(shim_set_string(pointer, option, value)) } else { note(shim_set_string(pointer, option, nil)) }
    }
    func note(_ code: CURLcode) { if refusal == CURLE_OK { refusal = code } }

    /// Sets the options that never change.
    private func setUp() {
        let configuration = multi.configuration
        let context = Unmanaged.passUnretained(self).toOpaque()
        note(shim_set_pointer(pointer, CURLOPT_PRIVATE, context))
        note(shim_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorText))
        note(shim_set_pointer(pointer, CURLOPT_SHARE, multi.share))
        set(CURLOPT_NOSIGNAL, 1)
        // Otherwise a transfer that ends during name resolution blocks the thread until the resolver returns.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        // Object keys may contain `//` and `..`, and are signed as they are.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // Not those of the environment.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_USERAGENT, configuration.userAgent)
        if let resolveList { note(shim_set_list(pointer, CURLOPT_RESOLVE, resolveList)) }
        setUpTLS(configuration)
        setUpCallbacks(context)
    }

    private func setUpTLS(_ configuration: HTTPClientConfiguration) {
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        // This replaces the system's folder: its certificates would stay trusted, and a folder beside the file keeps libcurl from
        // caching the parsed certificates.
        set(CURLOPT_CAPATH, configuration.caPath)
        if configuration.caFile != nil || configuration.caPath != nil { set(CURLOPT_CAINFO, configuration.caFile) }
    }
}

extension EasyHandle {
    /// Bytes of the body that were sent.
    var uploadedBytes: Int64 {
        var count: curl_off_t = 0
        shim_get_size(pointer, CURLINFO_SIZE_UPLOAD_T, &count)
        return Int64(count)
    }

    func description(of code: CURLcode) -> String {
        errorText[0] == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
    }

    /// Unpauses the directions that the transfer does not pause.
    func resume(_ transfer: Transfer) -> CURLcode {
        let receiving = transfer.isPaused ? CURLPAUSE_RECV : CURLPAUSE_RECV_CONT
        let sending = transfer.upload?.isPaused ?? false ? CURLPAUSE_SEND : CURLPAUSE_SEND_CONT
        return curl_easy_pause(pointer, receiving | sending)
    }

    func clearError() { errorText[0] = 0 }
}
