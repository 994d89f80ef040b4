import Encoding
import ExportCore
import HTTPClient
import JQ

/// `wait:` — where an answer says when to come back, apart from `Retry-After`.
enum WaitRule {
    enum Form: String, CaseIterable {
        /// Seconds since 1970, or milliseconds if the number is above 10^12.
        case epoch
        case seconds, milliseconds
        /// An HTTP date, or RFC 3339.
        case date
    }

    case header(String, Form)
    /// Its output is a number of seconds.
    case filter(Filter)

    init?(_ field: Field, _ compiler: FilterCompiler) {
        guard field.node.mapping != nil else {
            guard let filter = compiler.filter(field) else { return nil }
            self = .filter(filter)
            return
        }
        guard let section = field.section(["header", "as"]) else { return nil }
        let fix = "write the header's name, such as { header: X-RateLimit-Reset, as: epoch }"
        let name = section.required("header", fix: fix)?.text(fix: fix)
        let formFix = "write one of \(Form.allCases.map(\.rawValue).joined(separator: ", "))"
        let form = section.required("as", fix: formFix)?.word(Form.self)
        guard let name, let form else { return nil }
        self = .header(name, form)
    }

    var filter: Filter? {
        if case .filter(let filter) = self { return filter }
        return nil
    }

    /// The wait in seconds, 0 if the time has passed; `nil` if the answer does not say it in this form.
    /// - Parameter now: seconds since 1970.
    func seconds(_ answer: ProviderResponse, _ context: JQValue, now: Int64) -> Double? {
        let seconds: Double?
        switch self {
        case .filter(let filter):
            // A wait is a hint: a filter that does not fit this answer gives none.
            guard let value = try? filter.first(context) else { return nil }
            seconds = value.number ?? value.string.flatMap { Double($0) }
        case .header(let name, let form):
            guard let value = answer.headers[name] else { return nil }
            seconds = Self.seconds(value, form, now: Double(now))
        }
        guard let seconds, seconds.isFinite else { return nil }
        return min(max(seconds, 0), 1e9)
    }

    private static func seconds(_ value: String, _ form: Form, now: Double) -> Double? {
        if form == .date { return date(value, now: now).map { $0 - now } }
        guard let number = Double(value), number >= 0 else { return nil }
        switch form {
        case .epoch: return (number > 1e12 ? number / 1000 : number) - now
        case .milliseconds: return number / 1000
        case .seconds, .date: return number
        }
    }

    private static func date(_ value: String, now: Double) -> Double? {
        if let seconds = HTTPDate.seconds(value, now: Int64(now)) { return Double(seconds) }
        return UTCTime(value).map { Double($0.milliseconds) / 1000 }
    }
}
