import ArgumentParser

struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "List all metrics that the services serve at /metrics.",
        discussion: "ops/docs/metrics.md explains how to read them, and which dashboards and alerts use them.")

    @Flag(help: "Print a Markdown table.") var markdown = false
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if markdown, json { throw ValidationError("--markdown and --json exclude each other") }
    }

    func run() throws {
        if markdown { return print(MetricCatalogue.markdown) }
        if json { return print(MetricCatalogue.json) }
        var table = Table(["METRIC", "KIND", "LABELS", "MEANING"])
        for entry in MetricCatalogue.entries {
            let instrument = entry.instrument
            table.add([instrument.name, instrument.kind.rawValue, instrument.labels.joined(separator: ","), instrument.help])
        }
        print(table.text(width: nil))
    }
}
