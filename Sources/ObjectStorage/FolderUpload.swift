import ExportCore
import Logging

/// A file that is being written under a temporary name next to its final path, and renamed at the commit.
actor FolderUpload: ObjectUpload {
    /// The size of one write; each runs on a thread that may block.
    private static let pieceBytes = 1 << 20

    private let path: String
    private let logger: Logger
    private var phase = UploadPhase.open
    private var buffer: [UInt8] = []
    private var file: PartialFile?

    init(_ path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    func write(_ bytes: [UInt8]) async throws(ObjectStorageError) {
        try requireOpen("write")
        buffer += bytes
        if buffer.count >= Self.pieceBytes { try await writeBuffer(sync: false) }
    }

    func finishParts() async throws(ObjectStorageError) {
        try requireOpen("finish")
        try await writeBuffer(sync: true)
        phase = .stored
    }

    func commit() async throws(ObjectStorageError) {
        guard try phase.mayCommit(url) else { return }
        guard let file else { throw UploadPhase.misuse("commit", url, "nothing was stored") }
        try await FileSystem.offThread("commit", url) { () throws(FileError) in try file.rename() }
        phase = .committed
    }

    func abort() async {
        if case .committed = phase { return }
        phase = .aborted(url)
        buffer = []
        guard let file else { return }
        self.file = nil
        do throws(ObjectStorageError) {
            try await FileSystem.offThread("abort", url) { () throws(FileError) in file.remove() }
        } catch { logger.warning("\(error)") }
    }

    private var url: String { "file://\(path)" }

    private func requireOpen(_ operation: String) throws(ObjectStorageError) { try phase.requireOpen(operation, url) }

    private func writeBuffer(sync: Bool) async throws(ObjectStorageError) {
        let (path, bytes, known) = (path, buffer, file)
        buffer = []
        do throws(ObjectStorageError) {
            let written = try await FileSystem.offThread("write", url) { () throws(FileError) in
                guard let known else { return try PartialFile(for: path, holding: bytes, isWhole: sync) }
                do throws(FileError) {
                    try known.write(bytes)
                    if sync { try known.sync() }
                } catch {
                    known.remove()
                    throw error
                }
                return known
            }
            guard case .open = phase else {
                // Aborted in the meantime: nothing owns the file that was just created.
                try await FileSystem.offThread("abort", url) { () throws(FileError) in written.remove() }
                throw UploadPhase.misuse("write", url, "it was aborted")
            }
            file = written
        } catch {
            file = nil
            if case .open = phase { phase = .failed(error) }
            throw error
        }
    }
}
