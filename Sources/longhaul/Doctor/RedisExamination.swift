import EventThread
import JobStore
import Redis

/// Checks Redis: reachable, supported version, set up, and with settings that lose no data.
struct RedisExamination: Sendable {
    let settings: Settings
    let thread: EventThread

    func findings() async -> [Finding] {
        let redis: Redis
        do {
            redis = Redis(try settings.redis(clientName: "longhaul-doctor"), on: thread, logger: Terminal.quietLogger)
            try await redis.connect()
        } catch let problem as Problem {
            return [.bad("redis", problem.message)]
        } catch {
            return [.bad("redis", "LONGHAUL_REDIS_URL: \(error)")]
        }
        var findings = await examine(redis)
        findings.append(await layout(redis))
        await redis.shutdown()
        return findings
    }

    private func examine(_ redis: Redis) async -> [Finding] {
        do {
            let server = try await redis.info("server")
            var findings = [Finding.good("redis", "\(redis.server) is reachable, version \(server["redis_version"] ?? "unknown")")]
            findings += try await durability(redis)
            return findings
        } catch {
            return [.bad("redis", "\(error)")]
        }
    }

    private func durability(_ redis: Redis) async throws -> [Finding] {
        func setting(_ name: String) async throws -> String {
            try await redis.send(["CONFIG", "GET", .string(name)]).elements?.last?.text ?? ""
        }
        var findings: [Finding] = []
        let policy = try await setting("maxmemory-policy")
        if policy != "noeviction" {
            findings.append(.bad("redis", "maxmemory-policy is \(policy): an evicting Redis loses jobs; set it to noeviction"))
        }
        if try await setting("appendonly") != "yes" {
            findings.append(.bad("redis", "appendonly is off: a restart loses every job since the last snapshot; set appendonly yes"))
        } else if try await setting("appendfsync") != "always" {
            findings.append(.doubtful("redis", "appendfsync is not always: a crash can lose the last second; set appendfsync always"))
        }
        if let limit = Int(try await setting("hash-max-listpack-value")), limit < 4096 {
            findings.append(
                .doubtful("redis", "hash-max-listpack-value is \(limit): a waiting job costs twice the memory; set it to 4096"))
        }
        if findings.isEmpty { findings.append(.good("redis", "durable: append-only file, fsync always, no eviction")) }
        return findings
    }

    private func layout(_ redis: Redis) async -> Finding {
        do {
            let layout = try await StoreLayout.read(redis)
            return .good("store", "\(layout.partitions) partitions, schema \(layout.schema)")
        } catch {
            return .bad("store", "\(error)")
        }
    }
}
