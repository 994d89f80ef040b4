import Foundation

/// Why a server could not be started or found, as text.
public struct TestServersError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

enum OpsCommand {
    /// The folder `ops`: `LONGHAUL_OPS`, or else the one beside `Sources` and `Tests` in the checkout that this file was compiled in.
    static var folder: URL {
        if let path = ProcessInfo.processInfo.environment["LONGHAUL_OPS"] { return URL(filePath: path) }
        return URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "ops")
    }

    /// Runs `ops/servers` (which has its own deadlines) and throws its output if it fails.
    static func servers(_ arguments: [String], logs: URL) async throws {
        let output = logs.appending(path: "ops-servers-\(UUID().uuidString).log")
        try Data().write(to: output)
        let handle = try FileHandle(forWritingTo: output)
        let process = Process()
        process.executableURL = folder.appending(path: "servers")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        // A file, not a pipe: a pipe stays open for as long as any server holds its end.
        process.standardOutput = handle
        process.standardError = handle
        let status = try await exitStatus(of: process)
        try handle.close()
        let text = try String(contentsOf: output, encoding: .utf8)
        try FileManager.default.removeItem(at: output)
        guard status == 0 else {
            throw TestServersError("ops/servers \(arguments.joined(separator: " ")) exited with \(status): \(text)")
        }
    }

    private static func exitStatus(of process: Process) async throws -> Int32 {
        try process.run()
        return try await eventually(within: .seconds(120), "the end of ops/servers") { process.exitStatus }
    }
}
