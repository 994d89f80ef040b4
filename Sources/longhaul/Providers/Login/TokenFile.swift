import Foundation
import SystemPackage

/// The file that a refresh token is written into. Nobody else may read it, not even for a moment, and it must be known to be writable before a
/// person signs in.
struct TokenFile {
    let path: String
    private let temporary: String

    /// Begins a file beside it.
    /// - Throws: a `Problem` if the folder does not let it.
    init(_ path: String) throws {
        self.path = path
        temporary = "\(path).\(UInt32.random(in: 0 ... .max)).tmp"
        do {
            let file = try FileDescriptor.open(
                FilePath(temporary), .writeOnly, options: [.create, .exclusiveCreate], permissions: [.ownerRead, .ownerWrite])
            try file.close()
        } catch {
            throw Problem.usage("--save: cannot write \(path): \(error)")
        }
    }

    /// - Throws: a `Problem`; the token is lost then.
    func write(_ token: String) throws {
        do {
            let file = try FileDescriptor.open(FilePath(temporary), .writeOnly)
            _ = try file.closeAfter { try file.writeAll(Data((token + "\n").utf8)) }
            guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            throw Problem.failed("cannot write \(path): \(error); the token is lost, sign in again")
        }
    }

    /// Removes what was begun; nothing if it was written.
    func discard() { unlink(temporary) }
}
