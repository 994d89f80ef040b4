/// Whether an account may be asked for: its credentials may be refused while those of other accounts are not.
///
/// The third refusal in a row holds the account, as it would hold a provider that has one account; then one request in each interval tries it.
struct AccountHold {
    /// What the last answer said; `nil` while the account is not held.
    private(set) var why: String?
    private var refusals = 0
    private var nextProbe = ContinuousClock.now

    private static let limit = 3

    /// - Returns: whether the account is held now, and was not before.
    mutating func refused(_ why: String, interval: Duration, now: ContinuousClock.Instant) -> Bool {
        refusals += 1
        guard refusals >= Self.limit else { return false }
        let isNew = self.why == nil
        (self.why, nextProbe) = (why, now + interval)
        return isNew
    }

    /// - Returns: whether this ends a hold.
    mutating func accepted() -> Bool {
        let wasHeld = why != nil
        (refusals, why) = (0, nil)
        return wasHeld
    }

    /// Asks for the right to send a request.
    /// - Returns: how long it has to wait; `nil` if it may be sent.
    mutating func wait(interval: Duration, now: ContinuousClock.Instant) -> Duration? {
        guard why != nil else { return nil }
        guard now < nextProbe else {
            nextProbe = now + interval
            return nil
        }
        return nextProbe - now
    }
}
