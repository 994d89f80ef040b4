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

    /// What an answer says.
    enum Reading {
        /// The answer has no such header, or the filter gives null or nothing.
        case none
        /// From now; 0 if the time has passed.
        case seconds(Double)
        /// A field or header, and what is wrong with it. A wait is a hint, so an answer that does not fit is no failure.
        case unreadable(subject: String, problem: String)
    }

    /// - Parameter now: seconds since 1970.
    func reading(_ answer: ProviderResponse, _ context: JQValue, now: Int64) -> Reading {
        switch self {
        case .filter(let filter):
            do throws(Failure) {
                guard let value = try filter.first(context), !value.isNull else { return .none }
                let seconds = value.number ?? value.string.flatMap { Double($0) }
                return Self.bounded(seconds, filter.field, "gives \(value.json.prefix(100)), which is no number of seconds,")
            } catch {
                return .unreadable(subject: filter.field, problem: "cannot read an answer (\(error.message))")
            }
        case .header(let name, let form):
            guard let value = answer.headers[name] else { return .none }
            let problem = "is \"\(value.prefix(100))\", which is not of the form \(form.rawValue),"
            return Self.bounded(Self.seconds(value, form, now: Double(now)), "its header \(name)", problem)
        }
    }

    /// A number of seconds from now, a time in seconds since 1970 if it is above 10^9, or a date.
    static func secondsLeft(_ value: JQValue, now: Int64) -> Double? {
        guard let number = value.number ?? value.string.flatMap({ Double($0) }) else {
            return value.string.flatMap { seconds($0, .date, now: Double(now)) }
        }
        guard number.isFinite else { return nil }
        return number > 1e9 ? seconds("\(number)", .epoch, now: Double(now)) : number
    }

    private static func bounded(_ seconds: Double?, _ subject: String, _ problem: String) -> Reading {
        guard let seconds, !seconds.isNaN else { return .unreadable(subject: subject, problem: problem) }
        return .seconds(min(max(seconds, 0), 1e9))
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
