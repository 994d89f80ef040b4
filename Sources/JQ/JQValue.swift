import CJq

/// A JSON value as libjq holds it. It owns one reference of a `jv` and gives it back when it goes.
///
/// Not `Sendable`, on purpose: the counts of a `jv` are plain integers, so values that share structure belong to one thread.
/// Numbers are doubles, as in jq 1.6; `init(json:)` has a way for integers that a double cannot hold.
public final class JQValue {
    let raw: jv

    /// Takes over the reference.
    init(owning raw: jv) { self.raw = raw }

    deinit { jv_free(raw) }

    /// A reference of its own, for the functions of libjq, which consume their arguments.
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

    /// Of a key that comes twice the last one counts.
    public convenience init(object entries: [(key: String, value: JQValue)]) {
        self.init(owning: entries.reduce(jv_object()) { jv_object_set($0, JQValue($1.key).copy, $1.value.copy) })
    }

    private static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> jv {
        guard let base = bytes.baseAddress, bytes.count <= Int(Int32.max) else { return jv_string_sized("", 0) }
        return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { jv_string_sized($0, Int32(bytes.count)) }
    }
}

/// Makes an object key by key, without a copy for each as `jv_object_set` on a shared object would make.
public struct JQObjectBuilder: ~Copyable {
    private var raw: jv

    public init() { raw = jv_object() }

    /// Begins with what `object` holds; anything but an object is taken as an empty one.
    public init(_ object: JQValue) { raw = object.kind == .object ? object.copy : jv_object() }

    deinit { jv_free(raw) }

    /// - Parameter key: a string value, kept by callers that set the same keys again and again.
    public mutating func set(_ key: JQValue, _ value: JQValue) {
        guard key.kind == .string else { return }
        raw = jv_object_set(raw, key.copy, value.copy)
    }

    public mutating func set(_ key: String, _ value: JQValue) { set(JQValue(key), value) }

    public consuming func build() -> JQValue { JQValue(owning: jv_copy(raw)) }
}
