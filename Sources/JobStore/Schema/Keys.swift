import ExportCore
import Redis

/// Every key of the store. `ops/docs/store.md` describes what each holds; a test compares this list, that page and the scripts.
///
/// Keys that one script touches have one hash tag: `{lh:NN}` for a partition, `{lh:p:NAME}` for a provider, `{lh:b:NAME}` for a budget, and `{lh:downloads}` for
/// the download line.
enum Keys {
    /// `{lh:NN}:…`, NN being the partition of the job's id; `job`, `files`, `status` and `webhook` continue with an id, a status or a name.
    enum Partition: String, CaseIterable { case due, job, files, status, counts, outbox, trail, webhook, webhooks, endpoints }

    /// `{lh:p:NAME}:…`; `waiting` continues with priority and tenant, `tenants` with the priority, the last two with the tenant.
    enum Provider: String, CaseIterable {
        case waiting, tenants, turns, taken, rates, inflight, health, session, plans, tenantinflight, tenantrate, outbox
    }

    /// `{lh:b:NAME}:…`
    enum Budget: String, CaseIterable { case rates }

    /// `{lh:downloads}:…`; `line` continues with priority and tenant, `tenants` with the priority.
    enum Downloads: String, CaseIterable { case line, tenants, turns }

    /// Keys without a hash tag.
    enum Global: String, CaseIterable {
        case meta = "lh:meta"
        case orchestrators = "lh:orchestrators"
        case durations = "lh:histograms"
        case providers = "lh:providers"
        case losses = "lh:losses"
    }

    static func tag(_ partition: Int) -> String { partition < 10 ? "{lh:0\(partition)}:" : "{lh:\(partition)}:" }

    static func due(_ partition: Int) -> RedisArgument { .string(tag(partition) + Partition.due.rawValue) }
    static func counts(_ partition: Int) -> RedisArgument { .string(tag(partition) + Partition.counts.rawValue) }
    static func job(_ id: JobID, _ partition: Int) -> RedisArgument { .string("\(tag(partition))\(Partition.job.rawValue):\(id.text)") }
    static func files(_ id: JobID, _ partition: Int) -> RedisArgument { .string("\(tag(partition))\(Partition.files.rawValue):\(id.text)") }

    static func webhooks(_ partition: Int) -> RedisArgument { .string(tag(partition) + Partition.webhooks.rawValue) }
    static func endpoints(_ partition: Int) -> RedisArgument { .string(tag(partition) + Partition.endpoints.rawValue) }

    static func status(_ status: JobStatus, _ partition: Int) -> RedisArgument {
        .string("\(tag(partition))\(Partition.status.rawValue):\(status.rawValue)")
    }

    static func trail(_ partition: Int) -> RedisArgument { .string(trailText(partition)) }
    static func trailText(_ partition: Int) -> String { tag(partition) + Partition.trail.rawValue }

    static func provider(_ name: String, _ key: Provider) -> RedisArgument { .string("{lh:p:\(name)}:\(key.rawValue)") }

    static func tenants(_ name: String, _ priority: JobPriority) -> RedisArgument {
        .string("{lh:p:\(name)}:\(Provider.tenants.rawValue):\(priority.rawValue)")
    }

    /// The rate of an account, or of a provider of its own: `{lh:b:NAME}:rates`.
    static func budget(_ budget: RequestBudget, of name: String) -> RedisArgument {
        budget.account.map { .string("{lh:b:\($0)}:\(Budget.rates.rawValue)") } ?? provider(name, .rates)
    }

    static func outbox(_ source: OutboxSource) -> String {
        switch source {
        case .partition(let number): tag(number) + Partition.outbox.rawValue
        case .provider(let name): "{lh:p:\(name)}:\(Provider.outbox.rawValue)"
        }
    }

    static func downloads(_ key: Downloads) -> RedisArgument { .string("{lh:downloads}:\(key.rawValue)") }

    static func global(_ key: Global) -> RedisArgument { .string(key.rawValue) }
}
