import ArgumentParser
import EventThread
import ExportCore
import ProviderAPI

struct KeySetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jwks",
        abstract: "Print the public key of oauth2.jwt as a JSON Web Key Set, to be registered at the API or published.",
        discussion: """
            The private key is read as the services read it, and is not printed.

            Example: longhaul provider jwks providers/fhir.yaml > jwks.json
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: ArgumentHelp("The provider file, or the name of a provider in LONGHAUL_PROVIDERS.", valueName: "provider"))
    var provider: String
    @OptionGroup var account: AccountOption

    func run() async throws {
        let settings = try await options.load()
        let source = try settings.providerSource(provider)
        let thread = EventThread(name: "longhaul")
        let http = try settings.httpClient("provider", egress: settings.egress(for: source), on: thread, logger: Terminal.quietLogger)
        do {
            let client = try await ProviderClient.open(source, http: http, on: thread, secrets: settings.secretSource)
            guard let keys = try await client.publicKeys(account: account.name(for: client)) else {
                throw Problem.usage("\(source.file): has no auth.oauth2.jwt, so it signs no tokens")
            }
            Terminal.line(keys)
        } catch let error as ProviderFileError {
            throw Problem.usage("\(error)")
        } catch let failure as Failure {
            throw Problem.failed("\(failure.code): \(failure.message)")
        }
        await http.shutdown(within: .zero)
        thread.stop()
    }
}
