/// Asks every 10 ms until `condition` holds. Throws, naming `what`, when it does not hold within `deadline`.
public func eventually(
    within deadline: Duration, _ what: String, isolation: isolated (any Actor)? = #isolation,
    condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while try await !condition() {
        guard ContinuousClock.now < end else { throw TestServersError("not within \(deadline): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
