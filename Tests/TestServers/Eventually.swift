/// Checks every 10 ms until `condition` holds. Throws an error with `what` when it does not hold within `deadline`.
public func eventually(
    within deadline: Duration, _ what: String, isolation: isolated (any Actor)? = #isolation,
    condition: () async throws -> Bool
) async throws {
    _ = try await eventually(within: deadline, what, isolation: isolation) { () -> Void? in try await condition() ? () : nil }
}

/// Checks every 10 ms until `value` returns one. Throws an error with `what` when it returns none within `deadline`.
public func eventually<Value>(
    within deadline: Duration, _ what: String, isolation: isolated (any Actor)? = #isolation, value: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + deadline
    while true {
        if let value = try await value() { return value }
        guard ContinuousClock.now < end else { throw TestServersError("not within \(deadline): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
