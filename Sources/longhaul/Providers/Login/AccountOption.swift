import ArgumentParser
import ProviderAPI

/// Whose secrets a command uses.
struct AccountOption: ParsableArguments {
    @Option(help: ArgumentHelp("Whose secrets these are, for a provider file with secrets.by.", valueName: "name")) var account: String?

    /// The account of that name; empty for the one that all jobs share.
    /// - Throws: a `Problem` if the provider file has others.
    func name(for client: ProviderClient) throws -> String {
        guard client.hasAccounts else {
            if account != nil { throw Problem.usage("--account: the provider file has no secrets.by; leave it out") }
            return ""
        }
        guard let account else { throw Problem.usage("give --account NAME: the provider file has secrets.by") }
        guard ProviderClient.isAccountName(account) else {
            throw Problem.usage("--account \"\(account)\": use 1 to 64 of the characters A-Z, a-z, 0-9, ., _ and -, not first a dot")
        }
        return account
    }
}
