import ArgumentParser

/// An error that ends a command: a one-line message, and the exit code (sysexits(3)).
struct Problem: Error {
    let message: String
    let code: ExitCode

    /// An invalid argument, setting or file.
    static func usage(_ message: String) -> Problem { Problem(message: message, code: ExitCode(64)) }
    /// A server that cannot be reached or used.
    static func unavailable(_ message: String) -> Problem { Problem(message: message, code: ExitCode(69)) }
    static func failed(_ message: String) -> Problem { Problem(message: message, code: ExitCode(1)) }
}
