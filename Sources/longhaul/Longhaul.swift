import ArgumentParser
import Glibc

@main
struct Longhaul: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "longhaul",
        abstract:
            "Starts slow exports at other people's APIs, waits for them without holding anything, and delivers their files to object storage.",
        discussion: """
            A first run on one machine:
              longhaul setup                                   declare the queues, prepare the store
              longhaul orchestrator &                          takes jobs, starts exports, looks how far they are
              longhaul worker &                                fetches files, unpacks them, stores them
              longhaul submit acme -p report=orders --wait     one export of the provider in providers/acme.yaml
              longhaul watch                                   how many jobs have which status, live

            Settings come from the environment, or from a YAML file with the same names (--config FILE); `longhaul settings`
            lists them. Exit codes: 0 success, 1 a job failed or a check found something wrong, 64 a wrong argument or
            setting, 69 a server cannot be reached, 70 an error of Longhaul's own, 74 the output
            cannot be written.
            """,
        version: "0.1.0",
        subcommands: [
            SetupCommand.self, OrchestratorCommand.self, WorkerCommand.self, SandboxCommand.self, SubmitCommand.self, JobsCommand.self,
            JobCommand.self, WatchCommand.self, RetryCommand.self, CancelCommand.self, DeadLettersCommand.self, DoctorCommand.self,
            HealthCommand.self, SettingsCommand.self,
        ])

    static func main() async {
        // A peer that closes its socket must not end the process; the error comes back from the call.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
            guard fflush(nil) == 0 else { throw Problem(message: "the output could not be written", code: ExitCode(74)) }
            // Here and below not by exit(3): C libraries then clean up (OPENSSL_cleanup) what the event thread may still be letting go of.
            _exit(0)
        } catch let problem as Problem {
            Terminal.error(problem.message)
            _ = fflush(nil)
            _exit(problem.code.rawValue)
        } catch  where Self.exitCode(for: error) == .failure && !(error is ExitCode) {
            Terminal.error("\(error)")
            Self.exit(withError: ExitCode(70))
        } catch {
            Self.exit(withError: error)
        }
    }
}
