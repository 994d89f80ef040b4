extension PrometheusRegistry {
    struct Collector: Sendable {
        let name: String
        let call: BoundedCall<[MetricSample]>
    }

    /// Adds values that are read at scrape time, such as counts in a database.
    /// - Parameters:
    ///   - name: the collector's name, for `telemetry_collector_failures_total`.
    ///   - body: called at each scrape, concurrently with the other collectors. If it throws or is late, its values are omitted and
    ///     the failure is counted.
    public func collect(_ name: String, _ body: @escaping @Sendable () async throws -> [MetricSample]) {
        let collector = Collector(name: name, call: BoundedCall(deadline: collectorDeadline, body))
        state.withLock { $0.collectors.append(collector) }
    }

    /// The current values as text. Takes as long as the slowest collector, at most the collector deadline.
    public func exposition(in format: ExpositionFormat = .text) async -> String {
        let collected = await collectedSamples()
        let (known, descriptions) = state.withLock { ($0.families, $0.descriptions) }
        var families = known.mapValues(\.exposed)
        for sample in collected {
            let name = MetricName.metric(sample.name)
            families[name, default: ExposedFamily(kind: sample.kind)].samples[LabelText(sample.labels)] = .single(sample.value)
        }
        for name in families.keys {
            families[name]?.help = (descriptions[name] ?? known[name].flatMap { descriptions[$0.label] })?.help ?? ""
        }
        return TextExposition.text(of: families, in: format)
    }

    private func collectedSamples() async -> [MetricSample] {
        let collectors = state.withLock { $0.collectors }
        return await withTaskGroup { group in
            for collector in collectors {
                group.addTask { await self.samples(of: collector) }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func samples(of collector: Collector) async -> [MetricSample] {
        do {
            return try await collector.call()
        } catch {
            makeCounter(label: Self.collectorFailures.instrument.name, dimensions: [("collector", collector.name)]).increment(by: 1)
            logFailure(of: collector.name, error)
            return []
        }
    }

    private func logFailure(of collector: String, _ error: any Error) {
        let decision = state.withLock { $0.failureLimit.admit(collector, at: .now) }
        guard case .pass(let heldBack) = decision else { return }
        makeLogger().warning(
            "a scrape omits the metrics of \(collector): \(error)", metadata: ["heldBack": .stringConvertible(heldBack)])
    }
}

extension PrometheusRegistry.State {
    func description(of name: String, label: String) -> PrometheusRegistry.Description? {
        descriptions[name] ?? descriptions[label]
    }
}
