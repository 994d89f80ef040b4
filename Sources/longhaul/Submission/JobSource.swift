import Foundation
import Glibc

/// The jobs of a submission, one per line. They can be read several times, also from standard input and pipes: what cannot be read twice is
/// copied to a temporary file first.
struct JobSource {
    /// Empty for the command line.
    let name: String
    private let content: Content

    private enum Content {
        case line(String)
        /// From this offset on: what stands before it was read by somebody else.
        case file(FileHandle, offset: UInt64)
    }

    init(line: String) {
        name = ""
        content = .line(line)
    }

    /// - Parameter file: `-` for standard input.
    init(file: String) throws {
        let handle = file == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: file)
        guard let handle else { throw Problem.usage("--from \(file): cannot read the file; check path and permissions") }
        name = file == "-" ? "standard input" : file
        content =
            Self.isRegular(handle) ? .file(handle, offset: try Self.offset(handle)) : .file(try Self.copy(of: handle), offset: 0)
    }

    /// Calls `body` with each line that is not blank, in order.
    func forEach(_ body: (JobLine) async throws -> Void) async throws {
        switch content {
        case .line(let line): try await body(JobLine(source: name, number: nil, text: line))
        case .file(let handle, let offset):
            try Self.seek(handle, offset)
            var reader = LineReader(handle)
            var number = 0
            while let line = try reader.next() {
                number += 1
                if !line.allSatisfy(\.isWhitespace) { try await body(JobLine(source: name, number: number, text: line)) }
            }
        }
    }

    private static func isRegular(_ handle: FileHandle) -> Bool {
        var status = stat()
        return fstat(handle.fileDescriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func offset(_ handle: FileHandle) throws -> UInt64 {
        do {
            return try handle.offset()
        } catch {
            throw Problem.usage("--from: cannot read the input: \(error.localizedDescription)")
        }
    }

    private static func seek(_ handle: FileHandle, _ offset: UInt64) throws {
        do {
            try handle.seek(toOffset: offset)
        } catch {
            throw Problem.usage("--from: cannot read the input a second time: \(error.localizedDescription)")
        }
    }

    /// A temporary file without a name, which ends with the process.
    private static func copy(of input: FileHandle) throws -> FileHandle {
        let folder = FileManager.default.temporaryDirectory.path
        var name = Array("\(folder)/longhaul-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0 else {
            throw Problem(message: "--from: cannot create a temporary file in \(folder); set TMPDIR to another folder", code: .init(74))
        }
        unlink(name)
        let copy = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            var unbroken = 0
            while let bytes = try input.read(upToCount: 1 << 16), !bytes.isEmpty {
                // An endless line, such as that of a device, must not fill the folder.
                let lineBreak = bytes.lastIndex(of: UInt8(ascii: "\n"))
                unbroken = lineBreak.map { bytes.endIndex - 1 - $0 } ?? unbroken + bytes.count
                guard unbroken <= LineReader.longestLine else { throw LineReader.tooLong }
                try copy.write(contentsOf: bytes)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(
                message:
                    "--from: cannot copy the input to \(folder): \(error.localizedDescription); set TMPDIR to a folder with more space",
                code: .init(74))
        }
        return copy
    }
}
