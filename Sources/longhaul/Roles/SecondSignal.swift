import Glibc
import ServiceLifecycle

/// Once a graceful shutdown has started, another SIGTERM or SIGINT ends the process at once.
struct SecondSignal: Service {
    func run() async throws {
        try? await gracefulShutdown()  // a cancellation ends it too and is not an error
        for number in [SIGTERM, SIGINT] {
            signal(number) { _exit(128 + $0) }
        }
    }
}
