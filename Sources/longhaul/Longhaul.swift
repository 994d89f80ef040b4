import ArgumentParser
import Glibc

@main
struct Longhaul: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "longhaul",
        abstract:
            "Starts slow exports at third-party APIs, polls them without blocking, and delivers their files to object storage.",
        discussion: """
            A first run on one machine:
              longhaul setup                                 queues and store
              longhaul orchestrator &                        admits, starts and polls
              longhaul worker &                              downloads, unpacks, stores
              longhaul submit acme -p report=orders --wait   one export
              longhaul watch                                 jobs by status, live

            Settings come from the environment or from a YAML file with the same names (--config FILE); `longhaul settings` \
            lists them. Exit codes: 0 success, 1 a job failed or a check found a problem, 64 an invalid argument or setting, \
            69 a server cannot be reached, 70 an internal error of Longhaul, 74 the output cannot be written.

            """,
        version: Build.version,
        subcommands: [
            SetupCommand.self, OrchestratorCommand.self, WorkerCommand.self, CallbacksCommand.self, SandboxCommand.self, SubmitCommand.self,
            JobsCommand.self,
            JobCommand.self, ExplainCommand.self, WatchCommand.self, RetryCommand.self, CancelCommand.self, DeadLettersCommand.self,
            ProviderCommand.self,
            DoctorCommand.self, SimulateCommand.self,
            HealthCommand.self, MetricsCommand.self, SettingsCommand.self,
        ])

    static func main() async {
        // A peer that closes its socket must not end the process; the call returns the error.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
            Terminal.flush()
            // Here and below, exit(3) is avoided: it runs cleanup of C libraries (OPENSSL_cleanup) that the event thread may still use.
            _exit(0)
        } catch let problem as Problem {
            Terminal.flush()
            Terminal.error(problem.message)
            _exit(problem.code.rawValue)
        } catch  where Self.exitCode(for: error) == .failure && !(error is ExitCode) {
            Terminal.error("\(error)")
            Self.exit(withError: ExitCode(70))
        } catch {
            Self.exit(withError: error)
        }
    }
}
