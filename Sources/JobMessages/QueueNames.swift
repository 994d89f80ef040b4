import ExportCore

/// The names of Longhaul's queues and exchange in the broker. Other programs publish to the job queues by these names.
public enum QueueNames {
    public static let deadJobs = "longhaul.jobs.dead"
    public static let checks = "longhaul.checks"
    /// Word that something may have happened to an export.
    public static let hints = "longhaul.hints"
    public static let deadDownloads = "longhaul.downloads.dead"
    public static let deadWebhooks = "longhaul.webhooks.dead"
    /// A topic exchange.
    public static let events = "longhaul.events"

    public static func jobs(_ priority: JobPriority) -> String { "longhaul.jobs.\(priority.rawValue)" }
    public static func downloads(_ priority: JobPriority) -> String { "longhaul.downloads.\(priority.rawValue)" }

    public static let allJobs = JobPriority.allCases.map(jobs)
    public static let allDownloads = JobPriority.allCases.map(downloads)
    public static let allDead = [deadJobs, deadDownloads, deadWebhooks]
    public static let all = allJobs + [deadJobs, checks, hints] + allDownloads + [deadDownloads, deadWebhooks]

    /// The priority of a job or download queue; `nil` for any other.
    public static func priority(of queue: String) -> JobPriority? { priorities[queue] }

    private static let priorities = Dictionary(
        uniqueKeysWithValues: JobPriority.allCases.flatMap { [(jobs($0), $0), (downloads($0), $0)] })
}
