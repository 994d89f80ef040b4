public import CoreMetrics

extension PrometheusRegistry {
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        return cell(MetricName.metric(label), label: label, kind: .histogram, dimensions) {
            HistogramCell(buckets: $0?.buckets ?? .magnitudes)
        }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        cell(MetricName.timer(label), label: label, kind: .histogram, dimensions) {
            HistogramCell(buckets: $0?.buckets ?? .seconds)
        }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterCell {
        cell(MetricName.metric(label), label: label, kind: .counter, dimensions) { _ in CounterCell() }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeCell {
        cell(MetricName.metric(label), label: label, kind: .gauge, dimensions) { _ in GaugeCell() }
    }

    /// Returns the cell of a series, and creates it if it is new.
    private func cell<Cell: MetricCell>(
        _ name: String, label: String, kind: MetricKind, _ dimensions: [(String, String)], make: (Description?) -> Cell
    ) -> Cell {
        let (found, overflows) = state.withLock { state -> (Cell?, Bool) in
            var family = state.families[name] ?? MetricFamily(kind: kind, label: MetricName.metric(label))
            var labels = LabelText(dimensions)
            let overflows = family.series[labels] == nil && family.series.count >= maximumSeries
            if overflows { labels = LabelText(dimensions.map { ($0.0, "overflow") }) }
            if let cell = family.series[labels] { return (cell as? Cell, overflows) }
            guard family.kind == kind else { return (nil, overflows) }
            let cell = make(state.description(of: name, label: family.label))
            family.series[labels] = cell
            state.families[name] = family
            return (cell, overflows)
        }
        if overflows { reportMisuse(about: name, "has more than \(maximumSeries) series; the others share one series") }
        if let found { return found }
        reportMisuse(about: name, "is used for several metric types; the \(kind.rawValue) is not exported")
        return make(nil)
    }

    private func reportMisuse(about name: String, _ what: String) {
        let isNew = state.withLock { $0.complaints.insert(name).inserted }
        if isNew { makeLogger().error("metric \(name) \(what)") }
    }

    private func remove(_ handler: any AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
                state.families[name]?.series[labels] = nil
                return
            }
        }
    }
}
