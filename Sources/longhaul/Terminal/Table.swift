/// Columns of text, each as wide as its widest cell.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: [String]) { self.header = header }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// - Parameter width: the maximum line length in columns; `nil` does not cut lines, for output to a pipe.
    func text(width: Int?) -> String {
        var widths = header.map(\.count)
        for row in rows {
            for (column, cell) in row.enumerated() where column < widths.count { widths[column] = max(widths[column], cell.count) }
        }
        let lines = ([header] + rows).map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            let line = cells.joined(separator: "  ")
            guard let width, line.count > width else { return line }
            return line.prefix(max(width - 1, 1)) + "…"
        }
        guard let first = lines.first else { return "" }
        return ([Terminal.paint(first, .bold)] + lines.dropFirst()).joined(separator: "\n")
    }
}
