import Archive
import ProviderAPI

/// What a file is: whether it is unpacked, and what becomes of its name.
struct FileForm: Equatable {
    /// Never `auto`.
    let compression: Compression
    let name: ObjectNames.Form
    /// Whether it is a document that is a zip inside, although its name does not say so.
    let isDocument: Bool
    /// What the name of such a document should end in, if that is known: `xlsx`.
    let suffix: String?

    init(compression: Compression, name: ObjectNames.Form, isDocument: Bool = false, suffix: String? = nil) {
        (self.compression, self.name, self.isDocument, self.suffix) = (compression, name, isDocument, suffix)
    }

    /// - Parameters:
    ///   - name: of the file.
    ///   - start: the first bytes, after content codings were undone.
    ///   - type: the `Content-Type`.
    ///   - wasDecoded: whether a content coding was undone.
    init(name: String, rule: UnpackRule, start: [UInt8], type: String?, wasDecoded: Bool) {
        switch rule {
        case .none: self.init(compression: .none, name: .whole)
        case .zip: self.init(compression: .zip, name: .folder)
        case .gzip:
            // The gzip that the provider file speaks of was the content coding.
            let isPlain = wasDecoded && Compression.detect(start) != .gzip
            self.init(compression: isPlain ? .none : .gzip, name: .unpacked)
        case .auto:
            let suffix = FileSuffix.last(of: name)
            if let suffix, Self.documents.contains(suffix) {
                self.init(compression: .none, name: .whole)
                return
            }
            switch Compression.detect(start) {
            case .gzip: self.init(compression: .gzip, name: .unpacked)
            case .zip:
                if suffix != "zip", let document = ZipDocument(start, type: type.map(MediaType.init)) {
                    self.init(compression: .none, name: .whole, isDocument: true, suffix: document.suffix)
                } else {
                    self.init(compression: .zip, name: .folder)
                }
            case .none, .auto: self.init(compression: .none, name: .unpacked)
            }
        }
    }

    /// Formats that are a zip or a gzip inside: unpacked, nobody could open them.
    private static let documents = Set(
        """
        xlsx xlsm xlsb xltx xltm xlam docx docm dotx dotm pptx pptm potx ppsx ppsm vsdx ods odt odp odg odf ots ott odb epub jar war ear aar apk \
        ipa kmz xpi crx nupkg whl 3mf twbx tdsx tflx pbix pbit npz usdz rds rda rdata dia gnumeric emz wmz
        """.split(separator: " ").map(String.init))
}

/// The extension of a file's name.
enum FileSuffix {
    /// In lower case, without the dot; `nil` if there is none.
    static func last(of name: String) -> String? {
        let file = name.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: "."), dot > file.startIndex else { return nil }
        let suffix = file[file.index(after: dot)...].lowercased()
        return suffix.isEmpty || suffix.contains(" ") ? nil : suffix
    }
}
