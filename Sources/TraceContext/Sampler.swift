/// Decides which traces are recorded: `OTEL_TRACES_SAMPLER` and its `_ARG` (OpenTelemetry specification, "SDK configuration").
public struct Sampler: Sendable, Equatable {
    /// Decides where nothing was decided before.
    enum Root: Sendable, Equatable {
        case always, never
        /// Traces whose id, or the part of it that counts, is below the bound.
        case below(UInt64)
    }

    let root: Root
    /// Whether a span does as its parent.
    let followsParent: Bool

    public static let alwaysOn = Sampler(root: .always, followsParent: false)
    public static let alwaysOff = Sampler(root: .never, followsParent: false)
    /// The default of OpenTelemetry: all traces, but not those that their submitter does not record.
    public static let parentBasedAlwaysOn = Sampler(root: .always, followsParent: true)

    /// Every sampler's name, as `OTEL_TRACES_SAMPLER` has it.
    public static let names = [
        "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
    ]

    /// - Parameters:
    ///   - name: one of `names`.
    ///   - ratio: how many traces of all, from 0 to 1; only with `traceidratio`.
    /// - Returns: `nil` if no sampler has the name, or the ratio is none.
    public init?(_ name: String, ratio: Double = 1) {
        let prefix = "parentbased_"
        let follows = name.hasPrefix(prefix)
        switch follows ? String(name.dropFirst(prefix.count)) : name {
        case "always_on": self.init(root: .always, followsParent: follows)
        case "always_off": self.init(root: .never, followsParent: follows)
        case "traceidratio":
            guard (0...1).contains(ratio) else { return nil }
            // As the other implementations compare: 63 bits of the lower half of the id.
            self.init(root: ratio == 1 ? .always : .below(UInt64(ratio * 0x1p63)), followsParent: follows)
        default: return nil
        }
    }

    init(root: Root, followsParent: Bool) { (self.root, self.followsParent) = (root, followsParent) }

    /// Whether spans of a trace are recorded.
    /// - Parameter parent: the span above, in this process or another one.
    public func samples(_ id: TraceID, below parent: TraceContext?) -> Bool {
        if followsParent, let parent { return parent.isSampled }
        return switch root {
        case .always: true
        case .never: false
        case .below(let bound): id.low >> 1 < bound
        }
    }
}
