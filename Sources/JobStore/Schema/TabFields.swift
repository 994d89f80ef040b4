/// Reads fields that are separated by tabs one after the other, as wakes, progress and requests have them. It works on bytes: splitting a
/// string by characters takes several times as long, and is done for each step of each job.
struct TabFields {
    private let line: ArraySlice<UInt8>
    private var position: Int

    init(_ text: String) { self.init(Array(text.utf8)[...]) }

    init(_ line: ArraySlice<UInt8>) {
        self.line = line
        position = line.startIndex
    }

    /// The next field; `nil` when no tab ends it. The last field is `rest`.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = line[position...].firstIndex(of: UInt8(ascii: "\t")) else { return nil }
        defer { position = end + 1 }
        return line[position..<end]
    }

    mutating func text() -> String? { next().map { String(decoding: $0, as: UTF8.self) } }

    /// An empty field stands for `known`.
    mutating func text(orFor known: String) -> String? { next().map { $0.isEmpty ? known : String(decoding: $0, as: UTF8.self) } }

    mutating func number() -> Int64? { next().flatMap(Self.number) }

    /// The last field, or the last two, when they are numbers.
    mutating func endNumbers() -> (Int64, Int64?)? {
        guard let first = next() else { return Self.number(line[position...]).map { ($0, nil) } }
        guard let number = Self.number(first), let last = Self.number(line[position...]) else { return nil }
        return (number, last)
    }

    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard (1...18).contains(field.count) else { return nil }
        var number: Int64 = 0
        for byte in field {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int64(digit)
        }
        return number
    }

    /// A count, or milliseconds up to 31 years. Anybody who can publish can write a line, and a number that overflows a computation would
    /// end the process.
    mutating func count() -> Int? { next().flatMap(Self.count) }

    static func count(_ field: ArraySlice<UInt8>) -> Int? {
        guard let number = number(field), number <= 1_000_000_000_000 else { return nil }
        return Int(number)
    }

    /// The last field, tabs included.
    func rest() -> String { String(decoding: line[position...], as: UTF8.self) }
}
