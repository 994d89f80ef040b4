import Glibc

/// A file that has not got its name yet: `.longhaul-RANDOM.partial`, in the folder where it will stay, because a rename is
/// atomic within one file system only. It is opened anew for each piece, so that an upload that is forgotten holds no
/// descriptor.
struct PartialFile: Sendable {
    let path: String
    let partialPath: String

    private static let prefix = ".longhaul-"
    private static let suffix = ".partial"

    static func isPartial(_ name: some StringProtocol) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(suffix) }

    /// Makes the folder and the empty file.
    init(for path: String) throws(FileError) {
        self.path = path
        let folder = FileSystem.folder(of: path)
        let random = (0..<16).map { _ in UInt8.random(in: 0...255) }.hexadecimal
        self.partialPath = "\(folder)/\(Self.prefix)\(random)\(Self.suffix)"
        try FileSystem.makeFolder(folder)
        try FileSystem.withFile(partialPath, O_WRONLY | O_CREAT | O_EXCL) { (_) throws(FileError) in }
    }

    /// Appends.
    func write(_ bytes: [UInt8]) throws(FileError) {
        try FileSystem.withFile(partialPath, O_WRONLY | O_APPEND) { (descriptor) throws(FileError) in
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
    }

    func sync() throws(FileError) { try FileSystem.sync(partialPath, O_RDONLY) }

    /// Gives it its name, for good: the folder is synced too. Safe to call again.
    func rename() throws(FileError) {
        if Glibc.rename(partialPath, path) != 0 {
            let error = FileError("rename", path)
            // A call before did it, and failed at the folder.
            guard error.number == ENOENT, try FileSystem.size(path) != nil else { throw error }
        }
        try FileSystem.sync(FileSystem.folder(of: path), O_RDONLY | O_DIRECTORY)
    }

    /// Without effect when it is gone already.
    func remove() { unlink(partialPath) }
}
