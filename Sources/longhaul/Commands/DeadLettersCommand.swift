import ArgumentParser

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "List, show, put back or discard what failed for good.",
        discussion: """
            longhaul dead-letters list --provider acme --newer-than 1d
            longhaul dead-letters show 3f09c2a1b7de
            longhaul dead-letters redrive --reason http-403 --rate 20/s
            longhaul dead-letters discard 3f09c2a1b7de

            Letters lie in longhaul.jobs.dead and longhaul.downloads.dead: messages that nobody could handle, jobs that ended FAILED, and
            files that used up their attempts. While a command runs, the letters that it has read are out of others' sight.
            """,
        subcommands: [ListLettersCommand.self, ShowLetterCommand.self, RedriveCommand.self, DiscardCommand.self])
}
