/// Refresh tokens that rotate: each is replaced when it is used (RFC 6749, section 6).
///
/// With grace, a used token stays valid until a token of the answer is used. If it was used several times, several answers are on offer, and
/// the first of them that is used counts.
struct RefreshChain: Sendable {
    private var current: String
    private var offered: Set<String> = []
    private let grace: RefreshGrace

    init(first: String, grace: RefreshGrace) {
        (current, self.grace) = (first, grace)
    }

    /// - Parameter next: the token that replaces it.
    /// - Returns: whether the token is valid.
    mutating func use(_ token: String, next: String) -> Bool {
        confirm(token)
        guard token == current else { return false }
        switch grace {
        case .none: current = next
        case .firstUse: offered.insert(next)
        }
        return true
    }

    /// The refresh token, or the access token that came with it, has been used.
    mutating func confirm(_ token: String) {
        guard offered.contains(token) else { return }
        (current, offered) = (token, [])
    }
}
