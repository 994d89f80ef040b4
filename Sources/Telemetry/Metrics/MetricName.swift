/// Names that the exposition format allows (https://prometheus.io/docs/concepts/data_model).
enum MetricName {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; everything else becomes `_`.
    static func metric(_ text: String) -> String { sanitised(text, allowingColon: true) }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, without the prefix `__` and the name `le`, which Prometheus reserves.
    static func label(_ text: String) -> String {
        let name = sanitised(text, allowingColon: false)
        if name.hasPrefix("__") { return "x" + name }
        return name == "le" ? "le_" : name
    }

    /// Adds the unit to a timer's name.
    static func timer(_ text: String) -> String {
        let name = metric(text)
        return name.hasSuffix("_seconds") ? name : name + "_seconds"
    }

    private static func sanitised(_ text: String, allowingColon: Bool) -> String {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": bytes.append(UInt8(ascii: scalar))
            case "0"..."9":
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(UInt8(ascii: scalar))
            case ":" where allowingColon: bytes.append(UInt8(ascii: ":"))
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
