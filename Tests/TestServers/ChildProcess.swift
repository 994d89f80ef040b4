import Foundation

/// A program that a test runs. Its output goes to files, because an unread pipe would fill up and block the program.
public struct ChildProcess: Sendable {
    /// The result of a process.
    public struct Ended: Sendable {
        /// The exit code, or the number of the signal that ended it.
        public var status: Int32
        public var output: String
        public var errors: String
    }

    private let process: Process
    private let folder: URL

    /// - Parameter environment: the complete environment, except for PATH, HOME and TMPDIR, which are this process's.
    public static func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> ChildProcess {
        let folder = FileManager.default.temporaryDirectory.appending(path: "longhaul-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "TMPDIR"].contains($0.key) }
            .merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try file(folder.appending(path: "output"))
        process.standardError = try file(folder.appending(path: "errors"))
        try process.run()
        return ChildProcess(process: process, folder: folder)
    }

    /// Its standard output so far.
    public var output: String { get throws { try String(contentsOf: folder.appending(path: "output"), encoding: .utf8) } }
    public var errors: String { get throws { try String(contentsOf: folder.appending(path: "errors"), encoding: .utf8) } }

    /// Whether it is still running. `end` still returns the status of a process that has ended.
    public var isRunning: Bool { kill(process.processIdentifier, 0) == 0 && !isZombie }

    private var isZombie: Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8) else { return true }
        return stat.split(separator: ")").last?.trimmingPrefix(" ").first == "Z"
    }

    public func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Sends SIGSTOP and waits until every thread has stopped: a signal takes effect a moment after it is sent. SIGCONT resumes it.
    public func freeze() async throws {
        send(SIGSTOP)
        try await eventually(within: .seconds(10), "a frozen \(process.arguments ?? [])") { isFrozen }
    }

    private var isFrozen: Bool {
        let tasks = "/proc/\(process.processIdentifier)/task"
        guard let threads = try? FileManager.default.contentsOfDirectory(atPath: tasks) else { return false }
        return threads.allSatisfy { thread in
            // A process that has just ended is not running either.
            guard let stat = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8) else { return true }
            return stat.split(separator: ")").last?.trimmingPrefix(" ").first == "T"
        }
    }

    /// Waits until it ends by itself. A process that exceeds `deadline` is killed, and that is an error.
    public func end(within deadline: Duration) async throws -> Ended {
        let status: Int32
        do {
            status = try await eventually(within: deadline, "the end of \(process.arguments ?? [])") { process.exitStatus }
        } catch {
            send(SIGKILL)
            throw TestServersError("\(error); it wrote: \(try output)\(try errors)")
        }
        let ended = Ended(status: status, output: try output, errors: try errors)
        try FileManager.default.removeItem(at: folder)
        return ended
    }

    private static func file(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }
}

extension Process {
    /// The exit code, or the number of the signal that ended it; `nil` while it runs. Call it until it returns a value, and not again.
    ///
    /// Foundation learns of the end of a process through a socket that every child started at that moment inherits: a server that was
    /// started at the same time would hide the end.
    public var exitStatus: Int32? {
        var status: Int32 = 0
        switch waitpid(processIdentifier, &status, WNOHANG) {
        case 0: return nil
        case processIdentifier: return status & 0x7F == 0 ? (status >> 8) & 0xFF : status & 0x7F
        // Foundation was faster.
        default: return isRunning ? nil : terminationStatus
        }
    }
}
