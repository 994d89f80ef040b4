import ArgumentParser
import EventThread
import ExportCore
import Foundation
import HTTPClient
import Lifecycle
import ProviderAPI

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Sign in to a provider as a person, in a browser, to obtain its first refresh token.",
        discussion: """
            For provider files with oauth2.login. Prints the address of the API's page, and waits on this machine until the browser comes \
            back from it. If the provider file has no refreshToken, the token is kept in the store, encrypted with LONGHAUL_SECRETS_KEY, and \
            the services use it. Otherwise --save writes it into the file of its secret.

            Examples:
              longhaul provider login acme
              longhaul provider login providers/acme.yaml --save secrets/acme_refresh_token
              ssh -L 8765:localhost:8765 HOST longhaul provider login acme --port 8765
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: ArgumentHelp("The provider file, or the name of a provider in LONGHAUL_PROVIDERS.", valueName: "provider"))
    var provider: String
    @Option(help: ArgumentHelp("Write the refresh token into this file, which only you can read.", valueName: "file")) var save: String?
    @OptionGroup var account: AccountOption
    @Option(help: ArgumentHelp("The port that the browser comes back to (default: that of the file, or a free one).", valueName: "port"))
    var port: Int?
    @Option(help: ArgumentHelp("How long to wait for the browser (default: 10m).", valueName: "duration")) var timeout: String?

    func run() async throws {
        let settings = try await options.load()
        let source = try settings.providerSource(provider)
        let thread = EventThread(name: "longhaul")
        let http = try settings.httpClient("provider", egress: settings.egress(for: source), on: thread, logger: Terminal.quietLogger)
        let sessions = StoredSessions()
        let sharing = try settings.sharing(sessions, "login")
        let client: ProviderClient
        do throws(ProviderFileError) {
            client = try await ProviderClient.open(source, http: http, on: thread, secrets: settings.secretSource, sessions: sharing)
        } catch {
            throw Problem.usage("\(error)")
        }
        let place = try place(client)
        let account = try account.name(for: client)
        let file = try save.map { try TokenFile($0) }
        defer { file?.discard() }
        var connection: StoreConnection?
        if place.secrets.isEmpty {
            guard sharing != nil else {
                throw Problem.usage("LONGHAUL_SECRETS_KEY is not set, so the token cannot be kept; set it to that of the services")
            }
            let opened = try await StoreConnection.open(settings, name: "longhaul-login", on: thread, logger: Terminal.quietLogger)
            sessions.use(opened.store)
            connection = opened
            // What cannot be read is another key's: the services could not use what would replace it.
            do throws(Failure) { try await client.requireOpenSession(account: account) } catch { throw Self.problem(error) }
        }
        try finish(await signIn(client, place, account), file, place, of: source.name)
        await connection?.close()
        await http.shutdown(within: .zero)
        thread.stop()
    }

    /// Where the person signs in, and where the token goes.
    private func place(_ client: ProviderClient) throws -> LoginPlace {
        guard let place = client.login else {
            throw Problem.usage("\(client.source.file): has no auth.oauth2.login, so nobody signs in to it as a person")
        }
        if place.secrets.isEmpty, save != nil {
            throw Problem.usage("--save: the provider file has no refreshToken that reads it; leave it out")
        }
        if !place.secrets.isEmpty, save == nil {
            throw Problem.usage(
                "give --save FILE: the provider file reads the token from the secret \(place.secrets.joined(separator: ", "))")
        }
        return place
    }

    /// Waits for the browser, and exchanges its code.
    private func signIn(_ client: ProviderClient, _ place: LoginPlace, _ account: String) async throws -> String? {
        let receiver = LoopbackReceiver(port: port ?? place.port ?? 0, path: place.path, timeout: try waiting())
        return try await receiver.run { redirect in
            let login = Login(redirect: redirect)
            do throws(Failure) {
                Terminal.line("Open this page and sign in; this command waits for the browser to come back:\n")
                Terminal.line(try await client.loginURL(login, account: account) + "\n")
                Terminal.flush()
                return login
            } catch {
                throw Self.problem(error)
            }
        } finish: { login, code in
            do throws(Failure) {
                return try await client.finish(login, code: code, account: account)
            } catch {
                throw Self.problem(error)
            }
        }
    }

    private static func problem(_ failure: Failure) -> Problem { Problem.failed("\(failure.code): \(failure.message)") }

    private func waiting() throws -> Duration {
        guard let timeout else { return .seconds(600) }
        guard let wait = Duration(setting: timeout), wait > .zero else {
            throw Problem.usage("--timeout \(timeout): write a number and its unit, such as 90s or 10m")
        }
        return wait
    }

    private func finish(_ token: String?, _ file: TokenFile?, _ place: LoginPlace, of name: String) throws {
        guard let token, let file else {
            return Terminal.line(
                "signed in; the token is in the store. longhaul provider resume \(name) lets waiting jobs continue at once")
        }
        try file.write(token)
        Terminal.line("signed in; set \(place.secrets.map { "\($0)_FILE=\(file.path)" }.joined(separator: " "))")
    }

    func validate() throws {
        if let port, !(1...65_535).contains(port) { throw ValidationError("--port \(port): write a number from 1 to 65535") }
    }
}
