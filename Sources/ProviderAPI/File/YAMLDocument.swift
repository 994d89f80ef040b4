import Yams

/// Reads the text of a file as one YAML document whose nodes know their places.
enum YAMLDocument {
    static func root(of yaml: String, report: ProblemReport) -> Field? {
        do {
            guard let node = try Yams.compose(yaml: yaml) else {
                report.add(nil, "", "empty", mend: "begin with provider: NAME")
                return nil
            }
            let field = Field(node: node, path: "", report: report)
            guard node.mapping != nil else {
                field.problem("\(field.kind) where a mapping is expected", mend: "begin with provider: NAME")
                return nil
            }
            return field
        } catch let error as YamlError {
            add(error, report)
        } catch {
            report.add(nil, "", "not YAML: \(error)", mend: "")
        }
        return nil
    }

    private static func add(_ error: YamlError, _ report: ProblemReport) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
            report.add(mark, "", "not YAML: \(problem)", mend: "look at the indentation and quotes here and on the line before")
        case .duplicatedKeysInMapping(let duplicates, let context):
            report.add(context.mark, duplicates.sorted().joined(separator: ", "), "the same key twice", mend: "keep one of them")
        default:
            report.add(nil, "", "not YAML: \(error)", mend: "")
        }
    }
}
