import JobStore

extension DisabledEndpoint {
    /// For people.
    var text: String {
        "its webhook endpoint is disabled since \(JobDescription.time(since)): \(reason). It was not told about \(counted(skipped, "job")); "
            + "`longhaul provider resume`, or a change of its file, enables it"
    }
}
