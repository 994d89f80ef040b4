import Foundation

/// Who runs this command, as events and the trail of a job name it.
enum Operator {
    /// `USER@HOST`.
    static var name: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }
}
