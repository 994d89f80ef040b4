/// The types of the exposition format that are written here.
public enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}
