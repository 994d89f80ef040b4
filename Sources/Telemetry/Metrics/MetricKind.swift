/// The metric types of the exposition format that are supported.
public enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}
