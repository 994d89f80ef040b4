import Redis

/// A Lua script with the header that it and its Swift call share. Each is defined in `Calls/`, in the file that is named as the script;
/// a test compares the two headers and the table in the docstring.
struct StoreScript: Sendable {
    let script: RedisScript
    /// The line `-- ARGV:` of the script: names separated by commas; after `each:` those of every item of a list, after `nested:` those
    /// of a list within each item.
    let arguments: Fields
    /// The line `-- Returns:`, in the same form.
    let reply: Fields

    var name: String { script.name }

    init(_ name: String, _ source: [UInt8], arguments: String, reply: String) {
        script = RedisScript(name: name, source: ScriptAssembly.text(of: String(decoding: source, as: UTF8.self)))
        self.arguments = Fields(arguments)
        self.reply = Fields(reply)
    }

    /// A class, so that a reply that carries it stays small.
    final class Fields: Sendable {
        let header: String
        /// The names of what occurs once, and of each item of the list that follows.
        let once: [String], each: [String]
        private let isNested: Bool

        init(_ header: String) {
            self.header = header
            let parts = header.split(separator: "; ")
            let names = { (part: Substring) in part.split(separator: ": ").last.map { $0.split(separator: ", ").map(String.init) } ?? [] }
            once = parts.first { !$0.contains(": ") }.map(names) ?? []
            each = parts.first { $0.hasPrefix("each: ") }.map(names) ?? []
            isNested = parts.contains { $0.hasPrefix("nested: ") }
        }

        /// Whether a list of that many values can be what the header says.
        func allow(_ count: Int) -> Bool {
            if isNested { return count >= once.count }
            if each.isEmpty { return count == once.count }
            return count >= once.count && (count - once.count).isMultiple(of: each.count)
        }
    }

    static let all = [
        admit, start, claim, postpone, extendJobs, apply, addFiles, queueFiles, claimFile, renameFile, extendFile, applyFile,
        requeueFiles, claimManifest, cancel, hint, recordLosses, retry, enqueue, dequeue, take, settle, takePlace, verifyPlaces, permits,
        returnPermits,
        setHealth, setSession,
        keepPlan, takeTrail,
        learnDuration, membership, reportProviders, lineUp, nextTurns, leaveLine,
        applyWebhook, restoreWebhook, setEndpoints, disableEndpoint,
    ]
}
