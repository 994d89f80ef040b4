/// The properties of the exports of one order: the sandbox's configuration, overridden by the order.
///
/// Shared by all exports of the same order, so that a hundred thousand of them use little memory.
final class ExportPlan: Sendable {
    let order: ExportOrder
    let queueTime: Distribution
    let duration: Distribution
    let files: Distribution
    let bytesPerFile: Distribution
    let entries: Distribution
    let compression: [FileCompression]
    let faults: FaultPlan
    /// The outcome that the order requires; if nil, the faults decide.
    let outcome: ExportOutcome?
    /// The start of file names, derived from the report's name.
    let stem: String

    /// - Throws: `SandboxOptionError` that names the key of the order.
    init(order: ExportOrder, configuration: SandboxConfiguration) throws(SandboxOptionError) {
        self.order = order
        queueTime = try Self.wish(order.queueSeconds, .duration, "queueSeconds", else: configuration.queueTime)
        let usual = try Self.wish(order.duration, .duration, "duration", else: configuration.duration)
        duration = try Self.wish(order.durationSeconds, .duration, "durationSeconds", else: usual)
        files = try Self.wish(order.files, .count, "files", else: configuration.files)
        bytesPerFile = try Self.wish(order.bytesPerFile, .bytes, "bytesPerFile", else: configuration.bytesPerFile)
        entries = try Self.wish(order.entries, .count, "entries", else: configuration.entries)
        var choice = configuration
        if let wish = order.compression { try choice.set("compression", to: wish) }
        compression = choice.compression
        faults = FaultPlan(try Self.rules(order.faults) ?? configuration.faults)
        outcome = order.failExport == true ? .fatal : order.emptyExport == true ? .noData : nil
        stem = Self.stem(of: order.report)
    }

    private static func wish(
        _ wish: NumberOrText?, _ quantity: Quantity, _ key: String, else usual: Distribution
    ) throws(SandboxOptionError) -> Distribution {
        guard let wish else { return usual }
        return try Distribution(parsing: wish.text, quantity: quantity, option: key)
    }

    private static func rules(_ wish: FaultList?) throws(SandboxOptionError) -> [FaultRule]? {
        guard let wish else { return nil }
        var rules: [FaultRule] = []
        for (name, amount) in wish.amounts {
            rules.append(try FaultRule(name: name, amount: amount, option: "faults"))
        }
        return rules
    }

    private static func stem(of report: String?) -> String {
        let allowed = (report ?? "").lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let stem = String(allowed.prefix(48))
        return stem.contains { $0 != "-" } ? stem : "report"
    }
}

/// The final outcome of an export.
enum ExportOutcome: String, Sendable {
    case done = "DONE"
    case noData = "NO_DATA"
    case fatal = "FATAL"
}
