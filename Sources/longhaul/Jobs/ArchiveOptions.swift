import ArgumentParser

/// Where the history of a job may be that the store no longer knows.
struct ArchiveOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Of a job that the store has forgotten: its provider; otherwise the known ones are tried.", valueName: "name"))
    var provider: String?

    @Option(
        help: ArgumentHelp(
            "Of a job that the store has forgotten: the day of its creation in UTC; otherwise the last 90 are tried.",
            valueName: "YYYY-MM-DD"))
    var date: String?

    func validate() throws {
        if let date, date.wholeMatch(of: /\d{4}-\d\d-\d\d/) == nil { throw ValidationError("--date \(date): must be YYYY-MM-DD") }
        if let provider, provider.isEmpty || provider.contains("/") { throw ValidationError("--provider \(provider): is no name") }
    }
}
