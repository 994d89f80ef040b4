import ExportCore

/// Tells a provider that refuses every request from a single request that is refused for its own sake.
///
/// A request that is refused, and again after others were accepted, is refused for its own sake. One that is refused while nothing else was
/// heard says nothing yet, and the third in a row holds the provider.
struct RefusalWatch {
    /// What is asked again until it succeeds: a step of a job, or one of its files.
    struct Subject: Hashable {
        let job: JobID
        let kind: RequestKind
        /// Of a download.
        let file: Int?
    }

    enum Refusal {
        /// It says nothing about its request yet.
        case undecided
        /// The provider is to be held.
        case ofProvider
        /// Only this request is refused.
        case ofSubject
    }

    /// Refused requests in a row.
    private var inRow = 0
    /// How many were refused and not accepted since.
    var subjects: Int { refused.count }
    /// The refused requests that were not accepted since, with `accepted` at the time of the first refusal.
    private var refused: [Subject: Int] = [:]
    private var accepted = 0
    private var lifts = 0

    /// So many refused requests in a row hold the provider.
    private static let limit = 3
    private static let kept = 256

    /// - Parameter lifts: how many holds have ended so far. Each end shows that some request was accepted, maybe another process's.
    mutating func refused(_ subject: Subject, lifts: Int) -> Refusal {
        if lifts != self.lifts { (inRow, accepted, self.lifts) = (0, accepted + 1, lifts) }
        if let before = refused[subject], before != accepted { return .ofSubject }
        // Jobs that failed stay here. What is forgotten is learned again.
        if refused.count >= Self.kept { refused = [:] }
        refused[subject] = accepted
        inRow += 1
        return inRow >= Self.limit ? .ofProvider : .undecided
    }

    mutating func accepted(_ subject: Subject) {
        inRow = 0
        // Nearly always nothing was refused.
        guard !refused.isEmpty else { return }
        accepted += 1
        refused[subject] = nil
    }
}
