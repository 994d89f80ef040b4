@testable import ExportCore

extension DurationForecast {
    /// As if a hundred exports had taken this long.
    static func exports(of duration: Duration, aim: PollAim = .usual) -> DurationForecast {
        var histogram = DurationHistogram()
        for _ in 0..<100 { histogram.learn([(DurationBins.index(of: duration / .seconds(1)), 1)]) }
        return DurationForecast(histogram, aim: aim)
    }
}
