import Redis

/// The Lua scripts, each with the prelude in front. Every change of a job is one of them.
enum StoreScript {
    static let admit = script("admit", PackageResources.admit_lua)
    static let start = script("start", PackageResources.start_lua)
    static let claim = script("claim", PackageResources.claim_lua)
    static let postpone = script("postpone", PackageResources.postpone_lua)
    static let extendJobs = script("extend_jobs", PackageResources.extend_jobs_lua)
    static let apply = script("apply", PackageResources.apply_lua)
    static let addFiles = script("add_files", PackageResources.add_files_lua)
    static let claimFile = script("claim_file", PackageResources.claim_file_lua)
    static let extendFile = script("extend_file", PackageResources.extend_file_lua)
    static let finishFile = script("finish_file", PackageResources.finish_file_lua)
    static let failFile = script("fail_file", PackageResources.fail_file_lua)
    static let findOrphans = script("find_orphans", PackageResources.find_orphans_lua)
    static let claimManifest = script("claim_manifest", PackageResources.claim_manifest_lua)
    static let cancel = script("cancel", PackageResources.cancel_lua)
    static let retry = script("retry", PackageResources.retry_lua)
    static let enqueue = provider("enqueue", PackageResources.enqueue_lua)
    static let unqueue = provider("unqueue", PackageResources.unqueue_lua)
    static let take = provider("take", PackageResources.take_lua)
    static let settle = provider("settle", PackageResources.settle_lua)
    static let permits = provider("permits", PackageResources.permits_lua)
    static let setHealth = provider("set_health", PackageResources.set_health_lua)
    static let learnDuration = RedisScript(name: "learn_duration", source: text(PackageResources.learn_duration_lua))

    static let all = [
        admit, start, claim, postpone, extendJobs, apply, addFiles, claimFile, extendFile, finishFile, failFile, findOrphans,
        claimManifest, cancel, retry, enqueue, unqueue, take, settle, permits, setHealth, learnDuration,
    ]

    private static func script(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: name, source: text(PackageResources.prelude_lua) + "\n" + text(source))
    }

    private static func provider(_ name: String, _ source: [UInt8]) -> RedisScript {
        RedisScript(name: name, source: text(PackageResources.provider_prelude_lua) + "\n" + text(source))
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
