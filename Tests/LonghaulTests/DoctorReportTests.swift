import Testing

@testable import longhaul

@Suite("longhaul doctor in a terminal") struct DoctorReportTests {
    @Test("begins with a summary and the problems, worst first, and tells in few lines what is fine") func order() {
        let report = DoctorReport(findings: [
            .good("redis", "reachable"), .good("checks", "3 messages, 1 consumer").oneOf(.queue), .good("dead", "empty").oneOf(.queue),
            .good("provider acme", "acme.yaml").oneOf(.provider), .doubtful("health", "held").below("provider acme"),
            .good("provider beta", "beta.yaml").oneOf(.provider), .good("health", "fine").below("provider beta"),
            .good("provider zeta", "zeta.yaml").oneOf(.provider), .good("health", "fine").below("provider zeta"),
            .bad("output", "no bucket"), .doubtful("memory", "90 %"), .good("jobs", "1 PENDING"),
        ])
        #expect(
            report.text == """
                ✗ 1 problem, 2 doubts, 9 checks passed (alike ones share a line)

                ✗ output: no bucket
                ! provider acme health: held
                ! memory: 90 %

                ✓ redis: reachable
                ✓ 2 queues: checks 3 messages, 1 consumer
                ✓ 2 providers: beta; zeta
                ✓ jobs: 1 PENDING
                """)
    }

    @Test("has no empty part when all is fine") func fine() {
        let report = DoctorReport(findings: [.good("provider acme", "acme.yaml").oneOf(.provider), .good("jobs", "none is unfinished")])
        #expect(
            report.text == """
                ✓ 0 problems, 0 doubts, 2 checks passed

                ✓ provider acme: acme.yaml
                ✓ jobs: none is unfinished
                """)
    }
}
