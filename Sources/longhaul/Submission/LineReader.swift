import Foundation
import JobMessages

/// Reads the lines of a file in chunks of bounded size.
struct LineReader {
    private let handle: FileHandle
    private var buffer = Data()
    private var isAtEnd = false

    init(_ handle: FileHandle) { self.handle = handle }

    mutating func next() throws -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer = Data(buffer[(end + 1)...]) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            if isAtEnd {
                guard !buffer.isEmpty else { return nil }
                defer { buffer = Data() }
                return String(decoding: buffer, as: UTF8.self)
            }
            guard buffer.count <= 2 * JobMessage.largestBody else {
                throw Problem.usage("a line is longer than the \(JobMessage.largestBody) bytes allowed for a job message")
            }
            let more: Data?
            do {
                more = try handle.read(upToCount: 1 << 16)
            } catch {
                throw Problem.usage("--from: cannot read the input; check that it is a file")
            }
            guard let more, !more.isEmpty else {
                isAtEnd = true
                continue
            }
            buffer.append(more)
        }
    }
}
