import HTTPClient
import JQ

/// How the body of an answer becomes a value for filters: `answer:` of a request.
enum AnswerForm: String, CaseIterable {
    /// JSON, if it begins so or its type says so; otherwise text.
    case auto
    case json
    /// A list of the JSON texts on the lines.
    case ndjson
    /// An object; see `XMLValue`.
    case xml
    /// A list of objects, one for each row; see `CSVValue`.
    case csv
    case text

    var isJSON: Bool {
        switch self {
        case .auto, .json, .ndjson: true
        case .xml, .csv, .text: false
        }
    }

    /// What the request says that it accepts, unless it has an own `Accept`.
    var accepted: String {
        switch self {
        case .auto, .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .xml: "application/xml"
        case .csv: "text/csv"
        case .text: "*/*"
        }
    }

    /// - Returns: the value, and why it is not what the form says. Then it is read as `auto`: an error often has another form.
    func read(_ response: HTTPResponse) -> (body: JQValue, problem: BodyProblem?) {
        let bytes = ByteOrderMark.removed(response.body)
        guard let first = bytes.first(where: { !Self.isSpace($0) }) else { return (.null, nil) }
        do throws(UnreadableAnswer) {
            switch self {
            case .auto: return Self.guessed(bytes, first, response)
            case .text: return (JQValue(text: bytes), nil)
            case .json: return (try Self.json(bytes), nil)
            case .ndjson: return (try Self.lines(bytes), nil)
            case .csv: return (try CSVValue.read(bytes), nil)
            case .xml: return (try XMLValue.read(bytes), nil)
            }
        } catch {
            return (Self.guessed(bytes, first, response).body, BodyProblem(form: name, cause: error.message))
        }
    }

    private var name: String { self == .ndjson ? "JSON lines" : rawValue.uppercased() }

    private static func guessed(_ bytes: [UInt8], _ first: UInt8, _ response: HTTPResponse) -> (body: JQValue, problem: BodyProblem?) {
        // The type is read only where it decides: the first byte says it of nearly every answer.
        func type() -> MediaType? { MediaType(response.headers) }
        let looksLikeJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        guard looksLikeJSON || type()?.isJSON == true else { return (JQValue(text: bytes), nil) }
        do throws(UnreadableAnswer) {
            return (try json(bytes), nil)
        } catch {
            let isProblem = type().map { $0.isJSON && !$0.isJSONLines } ?? false
            return (JQValue(text: bytes), isProblem ? BodyProblem(form: "JSON", cause: error.message) : nil)
        }
    }

    private static func json(_ bytes: [UInt8]) throws(UnreadableAnswer) -> JQValue {
        do throws(JQError) { return try JQValue(json: bytes) } catch { throw UnreadableAnswer(message: error.message) }
    }

    private static func lines(_ bytes: [UInt8]) throws(UnreadableAnswer) -> JQValue {
        var values: [JQValue] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line.contains(where: { !isSpace($0) }) {
            values.append(try json(Array(line)))
        }
        return JQValue(values)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// A body that is not of the form that the provider file or its type says.
struct UnreadableAnswer: Error {
    /// May quote the body.
    let message: String
}

/// Why a body could not be read.
struct BodyProblem {
    /// What it should be, in words.
    let form: String
    let cause: String
}
