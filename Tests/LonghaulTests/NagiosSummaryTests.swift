import Testing

@testable import longhaul

@Suite("longhaul doctor --nagios") struct NagiosSummaryTests {
    @Test(
        "prints the worst finding in one line, and exits as a plugin does",
        arguments: [
            ([.good("a", "x"), .good("b", "y")], 0, "LONGHAUL OK - 2 checks"),
            ([.good("a", "x"), .doubtful("b", "y|z\n2")], 1, "LONGHAUL WARNING - b: y/z 2"),
            ([.doubtful("a", "x"), .bad("b", "y"), .bad("c", "z")], 2, "LONGHAUL CRITICAL - b: y (and 2 more)"),
        ] as [([Finding], Int32, String)])
    func summary(findings: [Finding], code: Int32, line: String) {
        let summary = NagiosSummary(findings)
        #expect(summary.code == code && summary.line == line, "\(summary)")
    }
}
