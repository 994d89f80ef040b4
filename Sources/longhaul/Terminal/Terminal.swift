import Foundation
import Glibc
import Logging

/// Terminal output: colours only on a terminal, problems on standard error.
enum Terminal {
    static let isOutputTerminal = isatty(STDOUT_FILENO) == 1
    static let isErrorTerminal = isatty(STDERR_FILENO) == 1
    static let isInputTerminal = isatty(STDIN_FILENO) == 1

    /// For commands, which print their own output.
    static var quietLogger: Logger { Logger(label: "longhaul", factory: { _ in SwiftLogNoOpLogHandler() }) }

    static func error(_ message: String) {
        write("longhaul: \(message)\n")
    }

    /// Writes to standard error, unbuffered, so that progress does not mix with the output.
    static func write(_ text: String) {
        // A closed standard error must not end the process, as `write(_:)` would.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Writes a line and flushes it, because a reader may wait for it at the other end of a pipe.
    static func line(_ text: String) {
        print(text)
        flush()
    }

    /// Writes what was printed. SIGPIPE is ignored, so a reader that has gone, such as `head`, is noticed here: the command ends quietly, as
    /// if by the signal. exit(3) is avoided: it runs cleanup of C libraries that the event thread may still use.
    static func flush() {
        guard fflush(nil) != 0 else { return }
        if errno == EPIPE { _exit(128 + SIGPIPE) }
        error("cannot write the output: \(String(cString: strerror(errno))); check that its disk has space")
        _exit(74)
    }

    enum Colour: String {
        case red = "31", green = "32", yellow = "33", blue = "34", grey = "90", bold = "1"
    }

    /// NO_COLOR: https://no-color.org
    static func paint(_ text: String, _ colour: Colour) -> String {
        guard isOutputTerminal, ProcessInfo.processInfo.environment["NO_COLOR"] == nil else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }

    /// The columns of the terminal on standard output; `nil` if it is not a terminal.
    static var width: Int? { columns(STDOUT_FILENO) }

    /// The same of the terminal on standard error.
    static var errorWidth: Int? { columns(STDERR_FILENO) }

    private static func columns(_ descriptor: Int32) -> Int? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}

extension Terminal {
    /// Asks for confirmation; anything but yes means no.
    static func confirm(_ question: String) -> Bool {
        write("\(question) [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    /// Replaces the current line.
    static func redraw(_ line: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data("\r\u{1B}[2K\(line)".utf8))
        } catch {
            _exit(128 + SIGPIPE)
        }
    }
}
