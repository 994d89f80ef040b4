import Yams

/// The budgets that several provider files name: all must give the same rate, because each process applies its own file.
enum SharedBudgets {
    static func problems(_ sources: [ProviderSource]) -> [ProviderFileProblem] {
        var first: [String: (rate: String, file: String)] = [:]
        var problems: [ProviderFileProblem] = []
        for source in sources {
            let report = ProblemReport(file: source.file)
            guard let limits = YAMLDocument.root(of: source.yaml, report: report).flatMap(Section.init)?["limits"].flatMap(Section.init),
                let name = limits["budget"]?.node.scalar?.string, let field = limits["requests"], let rate = field.node.scalar?.string
            else { continue }
            guard let known = first[name] else {
                first[name] = (rate, source.file)
                continue
            }
            guard known.rate != rate, Quantity.rate(known.rate)?.perSecond != Quantity.rate(rate)?.perSecond else { continue }
            field.problem(
                "the budget \(name) has \(rate) here and \(known.rate) in \(known.file)",
                fix: "write the same rate in all files that share it")
            problems += report.problems
        }
        return problems
    }
}
