import ArgumentParser

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "List, show, redrive or discard dead letters; without a subcommand: list.",
        discussion: """
            longhaul dead-letters list --provider acme --newer-than 1d
            longhaul dead-letters show 3f09c2a1b7de
            longhaul dead-letters redrive --reason http-403 --rate 20/s
            longhaul dead-letters discard 3f09c2a1b7de

            Dead letters are in longhaul.jobs.dead, longhaul.downloads.dead and longhaul.webhooks.dead: messages that could not be handled, \
            jobs that ended FAILED, files that used up their attempts, and webhook messages that were not delivered. While a command runs, other commands cannot see the letters that it has read.
            """,
        subcommands: [ListLettersCommand.self, ShowLetterCommand.self, RedriveCommand.self, DiscardCommand.self],
        defaultSubcommand: ListLettersCommand.self)
}
