import Crypto
import Encoding
import Foundation

@testable import Sandbox

/// Unpacks with `gzip` and Python's zipfile, which are independent of the library that packed.
enum Unpacked {
    static func entries(
        of packed: [UInt8], _ compression: FileCompression, name: String
    ) throws -> [RunningSandbox.Truth.File.Entry] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sandbox-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer {
            do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path())") }
        }
        let file = folder.appending(path: "packed")
        try Data(packed).write(to: file)
        switch compression {
        case .none: return [entry(name, packed)]
        case .gzip: return [entry(name, try output(of: "gzip", ["-dc"], input: file))]
        case .zip:
            let script = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))"
            let names = String(decoding: try output(of: "python3", ["-c", script, file.path()]), as: UTF8.self)
            return try names.split(separator: "\n").map { name in
                let read = "import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))"
                return entry(String(name), try output(of: "python3", ["-c", read, file.path(), String(name)]))
            }
        }
    }

    /// Removes codings with Python's zlib, the outermost first; 31 is gzip, 15 zlib's format and -15 deflate without it.
    static func decoded(_ body: [UInt8], windowBits: [Int]) throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "sandbox-\(UUID().uuidString)")
        try Data(body).write(to: file)
        defer {
            do { try FileManager.default.removeItem(at: file) } catch { print("left behind: \(file.path())") }
        }
        let script = """
            import sys, zlib
            body = open(sys.argv[1], "rb").read()
            for bits in map(int, sys.argv[2:]):
                decoder = zlib.decompressobj(bits)
                body = decoder.decompress(body)
                assert decoder.eof and not decoder.unused_data
            sys.stdout.buffer.write(body)
            """
        return try output(of: "python3", ["-c", script, file.path()] + windowBits.map(String.init))
    }

    private static func entry(_ name: String, _ bytes: [UInt8]) -> RunningSandbox.Truth.File.Entry {
        .init(name: name, bytes: bytes.count, sha256: Hexadecimal.text(SHA256.hash(data: bytes)))
    }

    static func output(of tool: String, _ arguments: [String], input: URL? = nil) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        if let input { process.standardInput = try FileHandle(forReadingFrom: input) }
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw RawHTTP.Failure(what: "\(tool) failed") }
        return Array(output)
    }
}
