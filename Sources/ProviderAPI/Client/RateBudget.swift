import HTTPClient

/// How many requests the provider still allows, as its answers say.
public struct RateBudget: Sendable, Equatable {
    public let remaining: Int
    /// The most requests in one window; `nil` if the answer does not say.
    public let limit: Int?
    /// Until the budget is full again.
    public let reset: Duration

    public init(remaining: Int, limit: Int?, reset: Duration) {
        self.remaining = remaining
        self.limit = limit
        self.reset = reset
    }

    func isTighter(than other: RateBudget?) -> Bool {
        guard let other else { return true }
        return (remaining, other.reset) < (other.remaining, reset)
    }
}

/// What the `RateLimit` fields of an answer say: those of draft-ietf-httpapi-ratelimit-headers in their present and older forms, and
/// the triples `X-RateLimit-*`, `X-Rate-Limit-*` and `RateLimit-*`.
struct RateLimitFields {
    var remaining: Int?
    var limit: Int?
    /// From now.
    var reset: Duration?

    /// `nil` if the answer has no such field.
    /// - Parameter now: seconds since 1970.
    init?(_ headers: HTTPHeaders, now: Int64) {
        let fields = headers.rateLimitFields
        if fields.isEmpty { return nil }
        var policies: [RateLimitItem] = []
        var limits: [RateLimitItem] = []
        for (name, value) in fields {
            switch name.drop(while: { $0 == "x" || $0 == "-" }).replacing("rate-limit", with: "ratelimit") {
            case "ratelimit": limits += RateLimitItem.list(value)
            case "ratelimit-policy": policies += RateLimitItem.list(value)
            case "ratelimit-limit": limit = limit ?? Self.number(value).map { Int($0) }
            case "ratelimit-remaining": remaining = remaining ?? Self.number(value).map { Int($0) }
            case "ratelimit-reset": reset = reset ?? Self.reset(value, now: now)
            default: break
            }
        }
        // Of several limits, the one that ends first counts.
        guard let tightest = limits.filter({ $0.remaining != nil }).min(by: { $0.remaining ?? 0 < $1.remaining ?? 0 }) else { return }
        let policy = policies.first { $0.name == tightest.name }
        remaining = tightest.remaining
        limit = tightest.quota ?? policy?.quota ?? limit
        reset = (tightest.reset ?? policy?.window).map { .seconds($0) } ?? reset
    }

    /// `nil` unless the answer says both how much is left and when there is more.
    var budget: RateBudget? {
        guard let remaining, let reset else { return nil }
        return RateBudget(remaining: remaining, limit: limit, reset: reset)
    }

    /// The number at the start of `100, 100;w=60`, from 0 to 10^15.
    static func number(_ text: String) -> Double? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number < 1e15 else { return nil }
        return number
    }

    /// A number above 10^12 is milliseconds since 1970, one above 10^9 seconds since 1970, any other seconds from now.
    private static func reset(_ value: String, now: Int64) -> Duration? {
        guard let number = number(value) else { return HTTPDate.seconds(value, now: now).map { .seconds(max(0, $0 - now)) } }
        if number > 1e12 { return .seconds(max(0, (number / 1000).rounded(.up) - Double(now))) }
        return .seconds(number > 1e9 ? max(0, number.rounded(.up) - Double(now)) : number.rounded(.up))
    }
}

/// One limit of a `RateLimit` or `RateLimit-Policy` field.
private struct RateLimitItem {
    var name: Substring = ""
    var remaining: Int?
    var quota: Int?
    var reset: Int?
    var window: Int?

    /// Reads `"default";r=50;t=30, "daily";r=9;t=600` and the older `limit=100, remaining=50, reset=50`.
    static func list(_ value: String) -> [RateLimitItem] {
        var items: [RateLimitItem] = []
        var older = RateLimitItem()
        for member in value.split(separator: ",") {
            let parts = member.split(separator: ";").map { $0.trimming(while: { $0 == " " || $0 == "\t" }) }
            guard let first = parts.first else { continue }
            if first.contains("="), !first.hasPrefix("\"") { older.set(first) }
            var item = RateLimitItem(name: first)
            for parameter in parts.dropFirst() { item.set(parameter) }
            items.append(item)
        }
        return older.remaining == nil ? items : [older]
    }

    private mutating func set(_ parameter: Substring) {
        guard let equals = parameter.firstIndex(of: "=") else { return }
        let number = RateLimitFields.number(String(parameter[parameter.index(after: equals)...])).map { Int($0) }
        switch parameter[..<equals] {
        case "r", "remaining": remaining = number
        case "q", "limit": quota = number
        case "t", "reset": reset = number
        case "w": window = number
        default: break
        }
    }
}

extension Substring {
    fileprivate func trimming(while isRemoved: (Character) -> Bool) -> Substring {
        var text = drop(while: isRemoved)
        while let last = text.last, isRemoved(last) { text.removeLast() }
        return text
    }
}
