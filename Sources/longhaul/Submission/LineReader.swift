import Foundation
import JobMessages

/// Reads the lines of a file in chunks of bounded size.
struct LineReader {
    private let handle: FileHandle
    private var buffer: [UInt8] = []
    /// Where the next line starts, and up to where no line break was found.
    private var start = 0
    private var searched = 0
    private var isAtEnd = false

    /// A line may hold white space that its message does not have.
    static let longestLine = 2 * JobMessage.largestBody

    static let tooLong = Problem.usage("a line is longer than the \(JobMessage.largestBody) bytes allowed for a job message")

    init(_ handle: FileHandle) { self.handle = handle }

    /// - Returns: the next line without its line break; `nil` at the end.
    /// - Throws: a `Problem` if the file cannot be read, or a line is too long for a job message.
    mutating func next() throws -> String? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { (start, searched) = (end + 1, end + 1) }
                return String(decoding: buffer[start..<end], as: UTF8.self)
            }
            searched = buffer.count
            if isAtEnd {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return String(decoding: buffer[start...], as: UTF8.self)
            }
            guard buffer.count - start <= Self.longestLine else { throw Self.tooLong }
            try fill()
        }
    }

    private mutating func fill() throws {
        let more: Data?
        do {
            more = try handle.read(upToCount: 1 << 16)
        } catch {
            throw Problem.usage("--from: cannot read the input; check that it is a file")
        }
        guard let more, !more.isEmpty else {
            isAtEnd = true
            return
        }
        // Only the start of one line remains, once a chunk.
        buffer.removeFirst(start)
        searched -= start
        start = 0
        buffer.append(contentsOf: more)
    }
}
