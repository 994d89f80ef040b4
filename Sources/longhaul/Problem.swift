import ArgumentParser

/// What ends a command: one line for people, and the exit code (sysexits(3)).
struct Problem: Error {
    let message: String
    let code: ExitCode

    /// A wrong argument, setting or file.
    static func usage(_ message: String) -> Problem { Problem(message: message, code: ExitCode(64)) }
    /// A server that cannot be reached or used.
    static func unavailable(_ message: String) -> Problem { Problem(message: message, code: ExitCode(69)) }
    static func failed(_ message: String) -> Problem { Problem(message: message, code: ExitCode(1)) }
}
