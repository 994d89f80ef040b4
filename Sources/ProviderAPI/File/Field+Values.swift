import ExportCore

extension Field {
    /// Reads `true` or `false`.
    func boolean() -> Bool? {
        report.log?.note(path, .boolean)
        switch text(fix: "write true or false") {
        case "true": return true
        case "false": return false
        case nil: return nil
        default:
            problem("neither true nor false", fix: "write true or false")
            return nil
        }
    }

    func integer(in range: ClosedRange<Int>) -> Int? {
        report.log?.note(path, .integer(range))
        let fix = "write an integer from \(range.lowerBound) to \(range.upperBound)"
        guard let text = text(fix: fix) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            problem("\"\(text)\" is not an integer in range", fix: fix)
            return nil
        }
        return number
    }

    func number(in range: ClosedRange<Double>) -> Double? {
        report.log?.note(path, .number(range))
        let fix = "write a number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = text(fix: fix) else { return nil }
        guard let number = Double(text), range.contains(number) else {
            problem("\"\(text)\" is not a number in range", fix: fix)
            return nil
        }
        return number
    }

    /// Reads `500ms`, `15s`, `10m`, `12h`, `7d`, and sums such as `1h30m`.
    func duration(in range: ClosedRange<Duration> = .milliseconds(1) ... .seconds(366 * 86_400)) -> Duration? {
        report.log?.note(path, .duration)
        let fix = "write a number and its unit, such as 500ms, 15s, 10m, 12h or 1h30m"
        guard let text = text(fix: fix) else { return nil }
        guard let duration = Quantity.duration(text) else {
            problem("\"\(text)\" is not a duration", fix: fix)
            return nil
        }
        guard range.contains(duration) else {
            problem("\"\(text)\" is out of range", fix: "write at least \(range.lowerBound) and at most \(range.upperBound)")
            return nil
        }
        return duration
    }

    /// Reads `50%` as 0.5.
    func percentage() -> Double? {
        report.log?.note(path, .percentage)
        let fix = "write a percentage from 1% to 100%"
        guard let text = text(fix: fix) else { return nil }
        guard text.hasSuffix("%"), let number = Int(text.dropLast()), (1...100).contains(number) else {
            problem("\"\(text)\" is not a percentage", fix: fix)
            return nil
        }
        return Double(number) / 100
    }

    /// Reads `10/s`, `100/m`, `1/h` or `1/m burst 15`.
    func rate() -> Rate? {
        report.log?.note(path, .rate)
        let fix = "write a number per second, minute or hour, such as 10/s or 1/m burst 15"
        guard let text = text(fix: fix) else { return nil }
        guard let rate = Quantity.rate(text) else {
            problem("\"\(text)\" is not a rate", fix: fix)
            return nil
        }
        return rate
    }

    /// Reads `4096`, `500KB` or `1MiB`.
    func bytes(in range: ClosedRange<Int>) -> Int? {
        report.log?.note(path, .bytes)
        let fix = "write a size from \(range.lowerBound) to \(range.upperBound) bytes, such as 500KB or 1MiB"
        guard let text = text(fix: fix) else { return nil }
        guard let bytes = Quantity.bytes(text), range.contains(bytes) else {
            problem("\"\(text)\" is not a size in range", fix: fix)
            return nil
        }
        return bytes
    }

    /// Reads one of a set of words. `later` lists words that are reserved but not supported yet.
    func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type, later: [String] = []) -> Word? where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue)
        report.log?.note(path, .words(words))
        let fix = "write one of \(words.joined(separator: ", "))"
        guard let text = text(fix: fix) else { return nil }
        // Some words are only for what is made of a file.
        if let word = Word(rawValue: text), words.contains(text) { return word }
        if later.contains(text) {
            problem("\"\(text)\" is not supported yet", fix: fix)
        } else {
            problem("unknown value \"\(text)\"", fix: Spelling.nearest(to: text, in: words).map { "did you mean \"\($0)\"?" } ?? fix)
        }
        return nil
    }
}
