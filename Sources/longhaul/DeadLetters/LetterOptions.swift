import ArgumentParser
import ExportCore
import JobMessages

/// A dead-letter queue, by the work that ends there.
enum LetterQueue: String, CaseIterable, ExpressibleByArgument {
    case jobs, downloads

    var name: String { self == .jobs ? QueueNames.deadJobs : QueueNames.deadDownloads }

    /// As a column shows it.
    static func short(_ name: String) -> String { allCases.first { $0.name == name }?.rawValue ?? name }
}

/// The filters that the commands share.
struct LetterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this queue: jobs or downloads.", valueName: "queue")) var queue: LetterQueue?
    @Option(help: ArgumentHelp("Only letters about this provider.", valueName: "name")) var provider: String?
    @Option(help: ArgumentHelp("Only letters with this reason, as `list` shows it.", valueName: "code")) var reason: String?
    @Option(help: ArgumentHelp("Only what failed last longer ago than this, as 2h.", valueName: "time")) var olderThan: String?
    @Option(help: ArgumentHelp("Only what failed last within this time, as 1d.", valueName: "time")) var newerThan: String?

    var queues: [String] { (queue.map { [$0] } ?? LetterQueue.allCases).map(\.name) }

    var isGiven: Bool { queue != nil || provider != nil || reason != nil || olderThan != nil || newerThan != nil }

    func filter(ids: [String] = []) throws -> LetterFilter {
        if let bad = ids.first(where: { !Self.isID($0) }) {
            throw Problem.usage("\(bad) is no letter's id: 12 hexadecimal digits, as `longhaul dead-letters list` shows them")
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

/// Which letters are to be changed: naming none of them is no way to name all.
struct LetterChoice: ParsableArguments {
    @Argument(help: ArgumentHelp("Letters by their ids.", valueName: "id")) var ids: [String] = []
    @Flag(help: "All letters.") var all = false

    func filter(_ options: LetterOptions) throws -> LetterFilter {
        guard !ids.isEmpty || options.isGiven || all else {
            throw Problem.usage("say which letters: by id, by filters such as --reason, or --all")
        }
        guard !all || ids.isEmpty else { throw Problem.usage("--all and ids exclude each other") }
        return try options.filter(ids: ids)
    }
}
