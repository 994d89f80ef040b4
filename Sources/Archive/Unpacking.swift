/// The work of a reader's thread.
struct Unpacking: Sendable {
    enum Format: Sendable {
        case zip
        case stream(StreamFormat)
    }

    let format: Format
    /// The bytes already read from the source.
    let firstBytes: [UInt8]
    let meter: ArchiveMeter
    let channel: UnpackingChannel

    func run() {
        let input = PackedInput(firstBytes: firstBytes, meter: meter, channel: channel)
        do throws(Interruption) {
            switch format {
            case .zip: try ZipUnpacking(input).run()
            case .stream(let format): try StreamUnpacking(format: format, input: input).run()
            }
            _ = channel.put(.endOfArchive)
        } catch {
            // After a close nobody reads the error.
            if case .failed(let error) = error { _ = channel.put(.failed(error)) }
        }
    }
}

/// The reason why unpacking ends early.
enum Interruption: Error {
    case readerClosed
    case failed(ArchiveError)

    static func corrupt(_ message: String, entry: String? = nil) -> Interruption {
        .failed(ArchiveError(.corrupt, message, entry: entry))
    }
}

/// The packed bytes and the output as the thread sees them, with byte counts of both.
final class PackedInput {
    private var firstBytes: [UInt8]
    private var meter: ArchiveMeter
    private let channel: UnpackingChannel

    init(firstBytes: [UInt8], meter: ArchiveMeter, channel: UnpackingChannel) {
        self.firstBytes = firstBytes
        self.meter = meter
        self.channel = channel
    }

    /// The next packed bytes, never empty; `nil` at the end.
    func next() throws(Interruption) -> [UInt8]? {
        var chunk = firstBytes
        if chunk.isEmpty {
            switch channel.takeInput() {
            case .chunk(let bytes): chunk = bytes
            case .end: return nil
            case .closed: throw .readerClosed
            }
        }
        firstBytes = []
        meter.addPacked(chunk.count)
        return chunk
    }

    func put(_ unpacked: Unpacked) throws(Interruption) {
        do throws(ArchiveError) {
            switch unpacked {
            case .chunk(let bytes): try meter.addUnpacked(bytes.count)
            case .entry, .endOfEntry, .endOfArchive, .failed: break
            }
        } catch { throw .failed(error) }
        guard channel.put(unpacked) else { throw .readerClosed }
    }

    /// Counts an entry of the archive, whether or not the reader gets it.
    func countEntry() throws(Interruption) {
        do throws(ArchiveError) { try meter.addEntry() } catch { throw .failed(error) }
    }
}
