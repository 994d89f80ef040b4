import Encoding
import ExportCore
import Foundation
import JobStore

/// An object with lines of several jobs' histories, which did not fit beside the jobs: `_trail/NN/YYYY-MM-DD/HH/MARK.ndjson`, with the day and
/// hour at which the lines moved into the trail. A line of the object holds the lines of one entry:
///
/// ```json
/// {"mark":"1764500000000-0","exportJobId":"…","before":"1764400000000-3","lines":"360000 ~<180n running 40%\n…"}
/// ```
///
/// The last entry names the object. Objects hold the oldest entries that were there, so an entry is in the first object of its hour whose name is
/// not smaller; two workers that both store an entry do no harm.
public struct TrailObject {
    public static let folder = "_trail"
    /// Of an object with 500 entries of 2 KB, as JSON.
    static let longest = 8 << 20

    /// The folder of the entries of that hour.
    static func folder(of mark: TrailMark, partition: Int) -> String {
        let time = UTCTime(milliseconds: mark.milliseconds)
        let hour = mark.milliseconds / 3_600_000 % 24
        return "\(folder)/\(padded(Int64(partition), 2))/\(time.date)/\(padded(hour, 2))/"
    }

    public static func key(upTo mark: TrailMark, partition: Int) -> String {
        "\(folder(of: mark, partition: partition))\(padded(mark.milliseconds, 15))-\(padded(mark.number, 9)).ndjson"
    }

    /// The object that holds the entry, of those of its hour.
    static func key(of mark: TrailMark, partition: Int, among keys: [String]) -> String? {
        let own = key(upTo: mark, partition: partition)
        return keys.filter { $0 >= own }.min()
    }

    /// The bytes of an object.
    public static func encode(_ entries: [(mark: TrailMark, lines: TrailLines)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (mark, lines) in entries {
            var json = JSONWriter(capacity: lines.text.utf8.count + 128)
            json.object { json in
                json.field("mark", mark.description)
                json.field("exportJobId", lines.job)
                if let before = lines.before { json.field("before", before.description) }
                json.field("lines", lines.text)
            }
            bytes += json.bytes + [UInt8(ascii: "\n")]
        }
        return bytes
    }

    private struct Line: Decodable {
        let mark: String, exportJobId: String, lines: String
        let before: String?
    }

    /// The entries of an object by their marks.
    /// - Throws: `TrailError` if it is none.
    static func decode(_ bytes: [UInt8], _ key: String) throws(TrailError) -> [TrailMark: TrailLines] {
        var entries: [TrailMark: TrailLines] = [:]
        for text in bytes.split(separator: UInt8(ascii: "\n")) {
            do {
                let line = try JSONDecoder().decode(Line.self, from: Data(text))
                guard let mark = TrailMark(line.mark) else { throw TrailError.unreadable(key, "no mark") }
                entries[mark] = TrailLines(job: line.exportJobId, before: line.before.flatMap { TrailMark($0) }, text: line.lines)
            } catch let error as TrailError {
                throw error
            } catch {
                throw .unreadable(key, "\(error)")
            }
        }
        return entries
    }

    private static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(digits - text.utf8.count, 0)) + text
    }
}

/// A history that cannot be read from the object storage.
public enum TrailError: Error, CustomStringConvertible {
    /// An object, and what is wrong with it.
    case unreadable(String, String)

    public var description: String {
        switch self {
        case .unreadable(let key, let why): "the object \(key) is no part of a history: \(why)"
        }
    }
}
