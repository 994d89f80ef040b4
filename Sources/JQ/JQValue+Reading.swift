import CJq

extension JQValue {
    public var isNull: Bool { jv_get_kind(raw) == JV_KIND_NULL }

    /// jq's truthiness: everything but `null` and `false`.
    public var isTruthy: Bool { jv_get_kind(raw) != JV_KIND_NULL && jv_get_kind(raw) != JV_KIND_FALSE }

    public var boolean: Bool? {
        switch jv_get_kind(raw) {
        case JV_KIND_TRUE: true
        case JV_KIND_FALSE: false
        default: nil
        }
    }

    public var number: Double? { jv_get_kind(raw) == JV_KIND_NUMBER ? jv_number_value(raw) : nil }

    /// The text of a string, including NULs.
    public var string: String? {
        guard jv_get_kind(raw) == JV_KIND_STRING, let start = jv_string_value(raw) else { return nil }
        // Reading the length consumes one reference; `raw` keeps the bytes alive.
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(jv_string_length_bytes(copy)))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A string's own text, anything else as compact JSON: jq's `tostring`.
    public var text: String { string ?? json }

    /// Compact JSON. libjq omits levels deeper than 256 and puts a note in their place.
    public var json: String { JQValue(owning: jv_dump_string(copy, 0)).string ?? "null" }

    /// The number of elements or entries; 0 for other values.
    public var count: Int {
        switch jv_get_kind(raw) {
        case JV_KIND_ARRAY: Int(jv_array_length(copy))
        case JV_KIND_OBJECT: Int(jv_object_length(copy))
        default: 0
        }
    }

    /// An array's elements, in order.
    public var elements: [JQValue]? {
        guard jv_get_kind(raw) == JV_KIND_ARRAY else { return nil }
        return (0..<jv_array_length(copy)).map { JQValue(owning: jv_array_get(copy, $0)) }
    }

    /// An object's entry, `nil` if it is missing or the value is not an object.
    public subscript(key: String) -> JQValue? {
        guard jv_get_kind(raw) == JV_KIND_OBJECT else { return nil }
        let value = jv_object_get(copy, JQValue(key).copy)
        guard jv_get_kind(value) != JV_KIND_INVALID else {
            jv_free(value)
            return nil
        }
        return JQValue(owning: value)
    }

    /// An object's entries, in libjq's order, which differs from the text's.
    public var entries: [(key: String, value: JQValue)]? {
        guard jv_get_kind(raw) == JV_KIND_OBJECT else { return nil }
        var entries: [(key: String, value: JQValue)] = []
        var position = jv_object_iter(raw)
        while jv_object_iter_valid(raw, position) != 0 {
            let key = JQValue(owning: jv_object_iter_key(raw, position))
            entries.append((key.text, JQValue(owning: jv_object_iter_value(raw, position))))
            position = jv_object_iter_next(raw, position)
        }
        return entries
    }
}

extension JQValue: Equatable {
    public static func == (left: JQValue, right: JQValue) -> Bool { jv_equal(left.copy, right.copy) != 0 }
}
