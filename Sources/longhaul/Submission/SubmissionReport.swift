import ExportCore

/// What is printed once jobs are submitted.
struct SubmissionReport {
    let checked: SubmissionCheck.Passed
    let isFile: Bool
    let json: Bool

    /// Tells on standard error which jobs existed already.
    func tellKnown() {
        guard let (id, status) = checked.known.first else { return }
        guard !isFile else {
            return Terminal.error("\(checked.known.count) of \(checked.count) jobs exist already and were not submitted again")
        }
        let advice = status == .failed ? "; `longhaul retry \(id)` retries it" : ""
        Terminal.error("job \(id) exists already with the same request and is \(status.rawValue)\(advice)")
    }

    func show(_ ids: [JobID]) {
        for id in ids {
            guard json else {
                print(id.text)
                continue
            }
            var members: [String: Any] = ["exportJobId": id.text]
            if let status = checked.known[id] { members["known"] = status.rawValue }
            print(JobDescription.json(members))
        }
    }
}
