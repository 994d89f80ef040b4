/// What the checks of a provider are to achieve.
public enum PollAim: Sendable, Hashable {
    /// The mean time from readiness to its discovery.
    case lag(Duration)
    /// The mean number of checks of an export: the lag follows from how long exports take, so that it suits short ones and long ones.
    case checks(Double)

    public static let usual = PollAim.checks(8)
}
