import SwiftProtobuf
import Tracing

/// Attributes as OTLP encodes them.
enum OTLPValue {
    private typealias Value = Opentelemetry_Proto_Common_V1_AnyValue

    /// Sorted by key, so that equal spans give equal bytes.
    static func list(_ attributes: SpanAttributes) -> [Opentelemetry_Proto_Common_V1_KeyValue] {
        var list: [Opentelemetry_Proto_Common_V1_KeyValue] = []
        attributes.forEach { key, attribute in
            list.append(.with { ($0.key, $0.value) = (key, value(attribute)) })
        }
        return list.sorted { $0.key < $1.key }
    }

    private static func value(_ attribute: SpanAttribute) -> Value {
        .with { value in
            switch attribute {
            case .string(let text): value.stringValue = bounded(text)
            case .int32(let number): value.intValue = Int64(number)
            case .int64(let number): value.intValue = number
            case .double(let number): value.doubleValue = number
            case .bool(let flag): value.boolValue = flag
            case .stringConvertible(let thing): value.stringValue = bounded("\(thing)")
            case .stringArray(let texts): value.arrayValue = array(texts) { $0.stringValue = bounded($1) }
            case .int32Array(let numbers): value.arrayValue = array(numbers) { $0.intValue = Int64($1) }
            case .int64Array(let numbers): value.arrayValue = array(numbers) { $0.intValue = $1 }
            case .doubleArray(let numbers): value.arrayValue = array(numbers) { $0.doubleValue = $1 }
            case .boolArray(let flags): value.arrayValue = array(flags) { $0.boolValue = $1 }
            case .stringConvertibleArray(let things): value.arrayValue = array(things) { $0.stringValue = bounded("\($1)") }
            // The enumeration asks not to be switched over exhaustively.
            default: break
            }
        }
    }

    private static func array<Element>(
        _ elements: [Element], _ set: (inout Value, Element) -> Void
    ) -> Opentelemetry_Proto_Common_V1_ArrayValue {
        .with { array in array.values = elements.prefix(SpanRecord.limit).map { element in .with { set(&$0, element) } } }
    }

    /// The start of a text that is too long, cut between two characters.
    static func bounded(_ text: String) -> String {
        guard text.utf8.count > SpanRecord.textLimit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: SpanRecord.textLimit)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }
}
