import Foundation

/// The body of a create request: the report, and the properties of its export.
///
/// Keys that the sandbox does not know are report parameters and have no effect.
struct ExportOrder: Sendable, Hashable, Decodable {
    var report: String?
    /// In seconds; `duration` takes a distribution instead.
    var durationSeconds: NumberOrText?
    var duration: NumberOrText?
    var queueSeconds: NumberOrText?
    var files: NumberOrText?
    var bytesPerFile: NumberOrText?
    var entries: NumberOrText?
    var compression: String?
    var faults: FaultList?
    var failExport: Bool?
    var emptyExport: Bool?
    /// Replaces the sandbox's seed and the idempotency key for all random properties of this export.
    var seed: UInt64?

    /// - Throws: `SandboxOptionError` that names the key, if the JSON has another form.
    init(json: Data) throws(SandboxOptionError) {
        do {
            self = try JSONDecoder().decode(ExportOrder.self, from: json)
        } catch let error as DecodingError {
            throw SandboxOptionError(option: error.key, value: "…", problem: error.explanation)
        } catch {
            throw SandboxOptionError(option: "body", value: "…", problem: "is not valid JSON")
        }
    }
}

/// A number, or an option text such as `uniform:1..5`.
enum NumberOrText: Sendable, Hashable, Decodable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = .number(try container.decode(Double.self))
        } catch DecodingError.typeMismatch {
            self = .text(try container.decode(String.self))
        }
    }

    var text: String {
        switch self {
        case .number(let number): number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
        case .text(let text): text
        }
    }
}

/// Faults as a list of names (each once) or as a map from name to amount.
struct FaultList: Sendable, Hashable, Decodable {
    var amounts: [(name: String, amount: String)]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            let map = try container.decode([String: NumberOrText].self)
            // JSON objects have no order. Sorting makes the result deterministic.
            amounts = map.sorted { $0.key < $1.key }.map { ($0.key, $0.value.text) }
        } catch DecodingError.typeMismatch {
            amounts = try container.decode([String].self).map { ($0, "1") }
        }
    }

    static func == (left: FaultList, right: FaultList) -> Bool {
        left.amounts.elementsEqual(right.amounts) { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        for (name, amount) in amounts {
            hasher.combine(name)
            hasher.combine(amount)
        }
    }
}

extension DecodingError {
    fileprivate var context: Context? {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context
        @unknown default: nil
        }
    }

    fileprivate var key: String {
        let path = context?.codingPath.map(\.stringValue) ?? []
        return path.isEmpty ? "body" : path.joined(separator: ".")
    }

    fileprivate var explanation: String {
        if case .dataCorrupted = self { return "is not valid JSON, or a number is out of range" }
        return "has the wrong type"
    }
}
