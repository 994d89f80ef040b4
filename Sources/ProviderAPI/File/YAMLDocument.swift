import Yams

/// Parses a file as one YAML document whose nodes carry their positions.
enum YAMLDocument {
    static func root(of yaml: String, report: ProblemReport) -> Field? {
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                report.add(nil, "", "the file is empty", fix: "start with provider: NAME")
                return nil
            }
            let field = Field(node: node, path: "", report: report)
            guard node.mapping != nil else {
                field.problem("\(field.kind) where a mapping is expected", fix: "start with provider: NAME")
                return nil
            }
            return field
        } catch let error as YamlError {
            add(error, report)
        } catch {
            report.add(nil, "", "invalid YAML: \(error)", fix: "")
        }
        return nil
    }

    private static func add(_ error: YamlError, _ report: ProblemReport) {
        switch error {
        case .scanner(_, let problem, let mark, let yaml), .parser(_, let problem, let mark, let yaml),
            .composer(_, let problem, let mark, let yaml):
            let line = yaml.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(mark.line - 1).first ?? ""
            let fix = "check the indentation and quotes of this line and the line before"
            report.add(
                mark, "", "invalid YAML: \(problem)",
                fix: line.contains("{{")
                    ? "quote the text that holds {{ … }}" : line.contains("${") ? "quote the text that holds ${…}" : fix)
        case .duplicatedKeysInMapping(let duplicates, let context):
            report.add(context.mark, duplicates.sorted().joined(separator: ", "), "duplicate key", fix: "remove one")
        default:
            report.add(nil, "", "invalid YAML: \(error)", fix: "")
        }
    }
}
