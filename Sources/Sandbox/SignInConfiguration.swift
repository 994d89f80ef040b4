/// How clients of a sandbox get bearer tokens that live for a time. Without a first refresh token and a personal token there are none.
public struct SignInConfiguration: Sendable {
    /// The first refresh token that the token endpoint takes.
    public var refreshToken: String?
    /// How long access tokens live.
    public var accessLifetime: Duration = .seconds(3600)
    /// How long a used refresh token stays valid.
    public var refreshGrace = RefreshGrace.none
    /// What the session endpoint exchanges for a bearer token.
    public var personalToken: String?
    /// How long such a bearer token lives.
    public var sessionLifetime: Duration = .seconds(300)
    /// How long the answer of a sign-in takes after it has taken effect.
    public var time: Duration = .zero

    var issuesTokens: Bool { refreshToken != nil || personalToken != nil }

    /// - Returns: whether the option is one of these.
    mutating func set(_ text: OptionText) throws(SandboxOptionError) -> Bool {
        switch text.option {
        case "refresh-token": refreshToken = text.value.isEmpty ? nil : text.value
        case "access-lifetime": accessLifetime = try text.duration()
        case "refresh-grace": refreshGrace = try text.choice(of: RefreshGrace.self)
        case "personal-token": personalToken = text.value.isEmpty ? nil : text.value
        case "session-lifetime": sessionLifetime = try text.duration()
        case "sign-in-time": time = try text.duration()
        default: return false
        }
        return true
    }
}

/// How long a used refresh token stays valid. Servers differ, and a client that lost the answer needs it once more.
public enum RefreshGrace: String, Sendable, Hashable, CaseIterable {
    /// It is valid once.
    case none
    /// Until a token of the answer is used.
    case firstUse = "first-use"
}
