import EventThread
import ExportCore
import ProviderAPI

/// Gathers due checks of providers whose API tells of several exports at once, until there are enough for a request or the first has waited
/// for as long as `status.batch` allows. Their leases cover them meanwhile.
actor CheckGathering {
    private var waiting: [ObjectIdentifier: Group] = [:]
    private let thread: EventThread
    /// Is given what one request asks for.
    private let ask: @Sendable ([ClaimedJob], Provider) async -> Void
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private struct Group {
        let provider: Provider
        var jobs: [ClaimedJob] = []
        /// Tells the timer of this group from those of earlier ones.
        var number: Int
    }

    private var lastNumber = 0

    init(on thread: EventThread, ask: @escaping @Sendable ([ClaimedJob], Provider) async -> Void) {
        self.thread = thread
        self.ask = ask
    }

    func add(_ jobs: [ClaimedJob], of provider: Provider, rules: BatchRules) {
        let key = ObjectIdentifier(provider)
        var group = waiting.removeValue(forKey: key) ?? begin(provider, rules, key)
        group.jobs += jobs
        while group.jobs.count >= rules.size {
            send(Array(group.jobs.prefix(rules.size)), provider)
            group.jobs.removeFirst(rules.size)
        }
        if !group.jobs.isEmpty { waiting[key] = group }
    }

    private func begin(_ provider: Provider, _ rules: BatchRules, _ key: ObjectIdentifier) -> Group {
        lastNumber += 1
        let number = lastNumber
        thread.schedule(after: rules.wait) { [weak self, thread] in
            Task(executorPreference: thread) { await self?.end(key, number) }
        }
        return Group(provider: provider, number: number)
    }

    private func end(_ key: ObjectIdentifier, _ number: Int) {
        guard let group = waiting[key], group.number == number else { return }
        waiting[key] = nil
        send(group.jobs, group.provider)
    }

    private func send(_ jobs: [ClaimedJob], _ provider: Provider) {
        Task(executorPreference: thread) { [ask] in await ask(jobs, provider) }
    }
}
