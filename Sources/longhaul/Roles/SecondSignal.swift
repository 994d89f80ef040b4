import Glibc
import ServiceLifecycle

/// From the beginning of a graceful shutdown on, lets a further SIGTERM or SIGINT end the process at once.
struct SecondSignal: Service {
    func run() async throws {
        try? await gracefulShutdown()  // ends by cancellation too, which is no error here
        for number in [SIGTERM, SIGINT] {
            signal(number) { _exit(128 + $0) }
        }
    }
}
