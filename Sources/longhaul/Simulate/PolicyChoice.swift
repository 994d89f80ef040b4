import ExportCore

/// What `--policy` and its companions say.
enum PolicyChoice {
    case policy(PollPolicy)
    /// The optimum at this mean lag.
    case optimal(lag: Duration)

    init(_ text: String, targetLag: String?, pollsPerJob: Double?, min: String?, max: String?) throws {
        let words = text.split(separator: ":", maxSplits: 1).map(String.init)
        let numbers = words.count < 2 ? [] : words[1].split(separator: ",").map { Double($0) ?? -1 }
        guard numbers.allSatisfy({ $0 > 0 && $0 < 1e9 }) else { throw Problem.usage("--policy \(text): the numbers must be above 0") }
        func time(_ text: String?, _ option: String) throws -> Duration? {
            guard let text else { return nil }
            guard let time = Duration(setting: text), time > .zero else {
                throw Problem.usage("\(option) \(text): write a time such as 90s")
            }
            return time
        }
        let lag = try time(targetLag, "--target-lag")
        let shortest = try time(min, "--min") ?? .seconds(1)
        let word = words.first ?? ""
        let longest = try time(max, "--max") ?? Swift.max(word == "tiered" ? PollPolicy.longestTiered : PollPolicy.longestLearned, shortest)
        guard shortest <= longest else { throw Problem.usage("--min is longer than --max") }
        if let pollsPerJob, pollsPerJob < 1 { throw Problem.usage("--polls-per-job must be at least 1") }
        switch (word, numbers.count) {
        case ("learned", 0):
            let aim = lag.map { PollAim.lag($0) } ?? pollsPerJob.map { .checks($0) } ?? .usual
            self = .policy(.learned(aim: aim, min: shortest, max: longest))
        case ("tiered", 0): self = .policy(.tiered(min: shortest, max: longest))
        case ("fixed", 1): self = .policy(.fixed(interval: .seconds(numbers[0])))
        case ("backoff", 3): self = .policy(.backoff(initial: .seconds(numbers[0]), factor: numbers[1], max: .seconds(numbers[2])))
        case ("optimal", 0): self = .optimal(lag: lag ?? .seconds(90))
        default:
            throw Problem.usage("--policy \(text): write learned, tiered, fixed:SECONDS, backoff:INITIAL,FACTOR,MAX or optimal")
        }
    }
}
