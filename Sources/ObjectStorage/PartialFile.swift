import Encoding
import Glibc
import Synchronization

/// A file that does not have its final name yet: `.longhaul-RANDOM-NUMBER.partial`, in its final folder, because a rename is atomic
/// only within one file system. It is reopened for each write, so that an abandoned upload holds no descriptor.
struct PartialFile: Sendable {
    let path: String
    let partialPath: String

    private static let prefix = ".longhaul-"
    private static let suffix = ".partial"
    /// Generated once, because each random number costs a system call.
    private static let process = Hexadecimal.text((0..<16).map { _ in UInt8.random(in: 0...255) })
    private static let number = Atomic(0)

    static func isPartial(_ name: some StringProtocol) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(suffix) }

    /// Creates the folder and the file with its first bytes, or neither.
    /// - Parameter isWhole: whether the bytes are complete, so that they are synced at once.
    init(for path: String, holding bytes: [UInt8], isWhole: Bool = true) throws(FileError) {
        self.path = path
        let folder = FileSystem.folder(of: path)
        let number = Self.number.add(1, ordering: .relaxed).newValue
        self.partialPath = "\(folder)/\(Self.prefix)\(Self.process)-\(number)\(Self.suffix)"
        // The folder exists for all objects of a job except the first.
        guard try !fill(bytes, sync: isWhole) else { return }
        try FileSystem.makeFolder(folder)
        guard try fill(bytes, sync: isWhole) else { throw FileError("open", partialPath, ENOENT) }
    }

    /// - Returns: `false` if the folder does not exist.
    private func fill(_ bytes: [UInt8], sync: Bool) throws(FileError) -> Bool {
        do throws(FileError) {
            try FileSystem.withFile(partialPath, O_WRONLY | O_CREAT | O_EXCL) { (descriptor) throws(FileError) in
                do throws(FileError) {
                    try write(bytes, to: descriptor)
                    if sync, fsync(descriptor) != 0 { throw FileError("fsync", partialPath) }
                } catch {
                    remove()
                    throw error
                }
            }
            return true
        } catch {
            guard error.call == "open", error.number == ENOENT else { throw error }
            return false
        }
    }

    /// Appends bytes.
    func write(_ bytes: [UInt8]) throws(FileError) {
        try FileSystem.withFile(partialPath, O_WRONLY | O_APPEND) { (descriptor) throws(FileError) in try write(bytes, to: descriptor) }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileError) {
        var position = 0
        while position < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError("write", partialPath) }
            position += count
        }
    }

    func sync() throws(FileError) { try FileSystem.sync(partialPath, O_RDONLY) }

    /// Renames the file to its final name and syncs the folder. Safe to call again.
    func rename() throws(FileError) {
        if Glibc.rename(partialPath, path) != 0 {
            let error = FileError("rename", path)
            // An earlier call renamed the file, and failed at the folder.
            guard error.number == ENOENT, try FileSystem.size(path) != nil else { throw error }
        }
        try FileSystem.sync(FileSystem.folder(of: path), O_RDONLY | O_DIRECTORY)
    }

    /// No effect if the file does not exist.
    func remove() { unlink(partialPath) }
}
