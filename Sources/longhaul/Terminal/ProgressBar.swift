/// A progress bar on standard error: redrawn in place on a terminal, otherwise a line from time to time.
struct ProgressBar {
    private let label: String
    /// It may change while the work is found.
    var total: Int?
    private var lastDrawn: ContinuousClock.Instant?
    private var lastLine = ""
    private let start = ContinuousClock.now

    /// - Parameter total: `nil` if unknown.
    init(_ label: String, total: Int?) {
        self.label = label
        self.total = total
    }

    mutating func update(_ done: Int, note: String = "") {
        let interval: Duration = Terminal.isErrorTerminal ? .milliseconds(100) : .seconds(10)
        if let lastDrawn, .now - lastDrawn < interval { return }
        lastDrawn = .now
        draw(done, note)
    }

    mutating func finish(_ done: Int, note: String = "") {
        draw(done, note)
        if Terminal.isErrorTerminal { Terminal.write("\n") }
    }

    private mutating func draw(_ done: Int, _ note: String) {
        let isRepetition = lastLine == "\(done) \(note)"
        lastLine = "\(done) \(note)"
        if isRepetition, !Terminal.isErrorTerminal { return }
        let elapsed = max((.now - start) / .seconds(1), 0.001)
        let rate = Int(Double(done) / elapsed)
        var line = "\(label) "
        if let total {
            let share = total == 0 ? 1 : min(Double(done) / Double(total), 1)
            let filled = Int(share * 30)
            line += "[" + String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled) + "] \(done)/\(total)"
        } else {
            line += "\(done)"
        }
        line += "  \(rate)/s" + (note.isEmpty ? "" : "  \(note)")
        Terminal.write(Terminal.isErrorTerminal ? "\r\u{1B}[2K\(line)" : line + "\n")
    }
}
