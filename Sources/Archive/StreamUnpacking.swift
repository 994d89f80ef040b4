/// Unpacks compressed bytes that hold one file without a name.
struct StreamUnpacking {
    static let chunkSize = 128 * 1024
    let format: StreamFormat
    let input: PackedInput

    func run() throws(Interruption) {
        let stream = DecodedStream(input, by: try format.makeDecoder(), format)
        try input.put(.entry(ArchiveEntry(path: nil, size: nil)))
        while true {
            var failure: Interruption?
            let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { buffer, count in
                do throws(Interruption) { count = try stream.fill(buffer) } catch { failure = error }
            }
            if let failure { throw failure }
            if chunk.isEmpty { break }
            try input.put(.chunk(chunk))
        }
        try input.put(.endOfEntry)
    }
}

/// The decoded content of packed chunks.
private final class DecodedStream {
    private let input: PackedInput
    private let decoder: any StreamDecoder
    private let format: StreamFormat
    private var chunk: [UInt8] = []
    private var position = 0
    private var isInMember = true

    init(_ input: PackedInput, by decoder: any StreamDecoder, _ format: StreamFormat) {
        self.input = input
        self.decoder = decoder
        self.format = format
    }

    /// Fills the buffer, only partly at the end of the input; returns the number of bytes.
    func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) throws(Interruption) -> Int {
        var filled = 0
        while filled < buffer.count {
            if isInMember {
                let step = try decodeOnce(UnsafeMutableBufferPointer(rebasing: buffer[filled...]))
                filled += step.produced
                if step.isAtEnd {
                    isInMember = false
                } else if step.consumed == 0, step.produced == 0, try !fetch() {
                    throw .corrupt("is truncated: it ends within a \(format == .gzip ? "gzip member" : "\(format.rawValue) stream")")
                }
            } else if try !continues() {
                break
            }
        }
        return filled
    }

    private func decodeOnce(_ output: UnsafeMutableBufferPointer<UInt8>) throws(Interruption) -> DecoderStep {
        let result = chunk.withUnsafeBufferPointer { bytes -> Result<DecoderStep, Interruption> in
            do throws(Interruption) {
                return .success(try decoder.decode(UnsafeBufferPointer(rebasing: bytes[position...]), into: output))
            } catch { return .failure(error) }
        }
        let step = try result.get()
        position += step.consumed
        return step
    }

    /// Whether more compressed data follows. Otherwise the input is read to its end.
    private func continues() throws(Interruption) -> Bool {
        while true {
            while chunk.count - position < decoder.signatureLength, try fetch() {}
            let rest = chunk[position...]
            if rest.isEmpty { return false }
            switch decoder.follower(rest) {
            case .more:
                decoder.restart()
                isInMember = true
                return true
            case .padding: position += 1
            case .corrupt: throw .corrupt("has data after its end")
            case .garbage:
                position = chunk.count
                while try fetch() { position = chunk.count }
                return false
            }
        }
    }

    /// Appends the next packed chunk to what is left; `false` at the end of the input.
    private func fetch() throws(Interruption) -> Bool {
        guard let next = try input.next() else { return false }
        chunk = position == chunk.count ? next : Array(chunk[position...]) + next
        position = 0
        return true
    }
}
