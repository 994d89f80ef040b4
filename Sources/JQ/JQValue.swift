import CJq

/// A JSON value held by libjq. It owns one reference of a `jv` and releases it on deinit.
///
/// Intentionally not `Sendable`: the reference counts of a `jv` are plain integers, so values that share structure belong to one
/// thread. Numbers are doubles, as in jq 1.6; `init(json:)` has an option for integers that a double cannot hold.
public final class JQValue {
    let raw: jv

    /// Takes ownership of the reference.
    init(owning raw: jv) { self.raw = raw }

    deinit { jv_free(raw) }

    /// A new reference, for libjq's functions, which consume their arguments.
    var copy: jv { jv_copy(raw) }

    public enum Kind: Sendable {
        case null, boolean, number, string, array, object
    }

    public var kind: Kind {
        switch jv_get_kind(raw) {
        case JV_KIND_TRUE, JV_KIND_FALSE: .boolean
        case JV_KIND_NUMBER: .number
        case JV_KIND_STRING: .string
        case JV_KIND_ARRAY: .array
        case JV_KIND_OBJECT: .object
        default: .null
        }
    }
}

extension JQValue {
    public static var null: JQValue { JQValue(owning: jv_null()) }
    public static var emptyObject: JQValue { JQValue(owning: jv_object()) }

    public convenience init(_ boolean: Bool) { self.init(owning: jv_bool(boolean ? 1 : 0)) }

    /// An integer beyond ±2^53 is rounded to the nearest double.
    public convenience init(_ integer: Int) { self.init(owning: jv_number(Double(integer))) }

    public convenience init(_ number: Double) { self.init(owning: jv_number(number)) }

    public convenience init(_ text: String) {
        var text = text
        self.init(owning: text.withUTF8(Self.string))
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    public convenience init(text bytes: [UInt8]) { self.init(owning: bytes.withUnsafeBufferPointer(Self.string)) }

    public convenience init(_ elements: [JQValue]) {
        self.init(owning: elements.reduce(jv_array_sized(Int32(clamping: elements.count))) { jv_array_append($0, $1.copy) })
    }

    /// If a key repeats, the last one wins.
    public convenience init(object entries: [(key: String, value: JQValue)]) {
        self.init(owning: entries.reduce(jv_object()) { jv_object_set($0, JQValue($1.key).copy, $1.value.copy) })
    }

    private static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> jv {
        guard let base = bytes.baseAddress, bytes.count <= Int(Int32.max) else { return jv_string_sized("", 0) }
        return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { jv_string_sized($0, Int32(bytes.count)) }
    }
}

/// Builds an object key by key, without the copy that `jv_object_set` makes for each key of a shared object.
public struct JQObjectBuilder: ~Copyable {
    private var raw: jv

    public init() { raw = jv_object() }

    /// Starts with the entries of `object`; anything but an object counts as empty.
    public init(_ object: JQValue) { raw = object.kind == .object ? object.copy : jv_object() }

    deinit { jv_free(raw) }

    /// - Parameter key: a string value, which callers that set the same keys repeatedly keep.
    public mutating func set(_ key: JQValue, _ value: JQValue) {
        guard key.kind == .string else { return }
        raw = jv_object_set(raw, key.copy, value.copy)
    }

    public mutating func set(_ key: String, _ value: JQValue) { set(JQValue(key), value) }

    public consuming func build() -> JQValue { JQValue(owning: jv_copy(raw)) }
}
