import ArgumentParser
import ExportCore
import JobMessages

/// A dead-letter queue, named after the work that it receives.
enum LetterQueue: String, CaseIterable, ExpressibleByArgument {
    case jobs, downloads, webhooks

    var name: String {
        switch self {
        case .jobs: QueueNames.deadJobs
        case .downloads: QueueNames.deadDownloads
        case .webhooks: QueueNames.deadWebhooks
        }
    }

    /// The short name for table columns.
    static func short(_ name: String) -> String { allCases.first { $0.name == name }?.rawValue ?? name }
}

/// The filters that all dead-letter commands accept.
struct LetterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this queue: jobs, downloads or webhooks.", valueName: "queue")) var queue: LetterQueue?
    @Option(help: ArgumentHelp("Only letters about this provider.", valueName: "name")) var provider: String?
    @Option(help: ArgumentHelp("Only letters with this reason, as `list` shows it.", valueName: "code")) var reason: String?
    @Option(help: ArgumentHelp("Only letters whose last failure is older than this, such as 2h.", valueName: "time")) var olderThan: String?
    @Option(help: ArgumentHelp("Only letters whose last failure is newer than this, such as 1d.", valueName: "time")) var newerThan: String?

    var queues: [String] { (queue.map { [$0] } ?? LetterQueue.allCases).map(\.name) }

    var isGiven: Bool { queue != nil || provider != nil || reason != nil || olderThan != nil || newerThan != nil }

    func filter(ids: [String] = []) throws -> LetterFilter {
        if let bad = ids.first(where: { !Self.isID($0) }) {
            throw Problem.usage("\"\(bad)\" is not a letter id (12 hexadecimal digits); see `longhaul dead-letters list`")
        }
        return LetterFilter(
            provider: provider, reason: reason, olderThan: try Self.time(olderThan, "--older-than"),
            newerThan: try Self.time(newerThan, "--newer-than"), ids: Set(ids))
    }

    static func isID(_ text: String) -> Bool { text.utf8.count == 12 && text.allSatisfy { $0.isHexDigit && !$0.isUppercase } }

    private static func time(_ text: String?, _ option: String) throws -> Duration? {
        guard let text else { return nil }
        guard let time = Duration(setting: text) else { throw Problem.usage("\(option) \(text): must be a time such as 90s, 2h or 1d") }
        return time
    }
}

/// Selects the letters to change. An empty selection is an error and does not mean all letters.
struct LetterChoice: ParsableArguments {
    @Argument(help: ArgumentHelp("The letter ids.", valueName: "id")) var ids: [String] = []
    @Flag(help: "Select all letters.") var all = false

    /// - Parameter isLimited: whether the command selects letters by itself.
    func filter(_ options: LetterOptions, isLimited: Bool = false) throws -> LetterFilter {
        guard !ids.isEmpty || options.isGiven || all || isLimited else {
            throw Problem.usage("no letters selected; give ids, filters such as --reason, or --all")
        }
        guard !all || ids.isEmpty else { throw Problem.usage("--all and ids cannot be combined; remove one") }
        return try options.filter(ids: ids)
    }
}
