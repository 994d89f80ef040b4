/// One problem in a provider file.
public struct ProviderFileProblem: Sendable, Equatable, CustomStringConvertible {
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1.
    public var column: Int
    /// The path of the key, such as `status.states.running`; empty if the problem concerns the whole file.
    public var field: String
    public var message: String
    /// How to fix the problem.
    public var fix: String
    /// Whether the file can be used all the same.
    public var isAdvice: Bool

    public init(file: String, line: Int, column: Int, field: String, message: String, fix: String, isAdvice: Bool = false) {
        self.file = file
        self.line = line
        self.column = column
        self.field = field
        self.message = message
        self.fix = fix
        self.isAdvice = isAdvice
    }

    /// `acme.yaml:12:3: status.state: MESSAGE; FIX`
    public var description: String {
        let place = "\(file):\(line):\(column): "
        return place + (field.isEmpty ? "" : "\(field): ") + message + (fix.isEmpty ? "" : "; \(fix)")
    }
}

/// All problems in one or more provider files. A retry does not help.
public struct ProviderFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Sorted by file, line and column; never empty.
    public var problems: [ProviderFileProblem]

    public init(_ problems: [ProviderFileProblem]) {
        self.problems = problems.sorted { ($0.file, $0.line, $0.column, $0.field) < ($1.file, $1.line, $1.column, $1.field) }
    }

    /// One line per problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
