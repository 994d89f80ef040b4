/// How the files of a job share a download queue with those of other jobs.
public enum DownloadTurns {
    /// The first files of a job, which get their messages as soon as they are listed. Most jobs have no more: they wait for no turn, and
    /// cost a message a file. With eight transfers a worker it is also as much as two workers transfer at a time.
    public static let atOnce = 16
    /// The files that a job publishes in one turn: enough that a turn is cheap beside its messages, few enough that the turns of many jobs
    /// follow each other quickly.
    public static let batch = 16
}
