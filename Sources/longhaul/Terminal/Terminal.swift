import Foundation
import Glibc
import Logging

/// What a person sees: colours only on a terminal, problems on standard error.
enum Terminal {
    static let isOutputTerminal = isatty(STDOUT_FILENO) == 1
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1
    static let isInputTerminal = isatty(STDIN_FILENO) == 1

    /// For commands, which speak for themselves.
    static var quietLogger: Logger { Logger(label: "longhaul", factory: { _ in SwiftLogNoOpLogHandler() }) }

    static func error(_ message: String) {
        write("longhaul: \(message)\n")
    }

    /// To standard error, unbuffered: progress must not mix with the output.
    static func write(_ text: String) {
        // Nobody may read it, which is no reason to end: `write(_:)` would.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// A line of output that somebody at the other end of a pipe waits for.
    static func line(_ text: String) {
        print(text)
        // SIGPIPE is ignored: without this a command would go on for ever with nobody to read it.
        if fflush(nil) != 0 { exit(128 + SIGPIPE) }
    }

    enum Colour: String {
        case red = "31", green = "32", yellow = "33", blue = "34", grey = "90", bold = "1"
    }

    /// NO_COLOR: https://no-color.org
    static func paint(_ text: String, _ colour: Colour) -> String {
        guard isOutputTerminal, ProcessInfo.processInfo.environment["NO_COLOR"] == nil else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }

    /// Columns of the terminal behind standard output; `nil` when it is none.
    static var width: Int? {
        var size = winsize()
        guard isOutputTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

extension Terminal {
    /// Asks a person; anything but yes is no.
    static func confirm(_ question: String) -> Bool {
        write("\(question) [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    /// Puts a line in the place of the one before.
    static func redraw(_ line: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data("\r\u{1B}[2K\(line)".utf8))
        } catch {
            exit(128 + SIGPIPE)
        }
    }
}
