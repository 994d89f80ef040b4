import Foundation

extension PolicyPlot {
    /// The curves as a picture, with logarithmic axes.
    public var svg: String {
        let points = curves.flatMap(\.points)
        let across = Axis(points.map(\.lag), from: 70, to: 610, Axis.times), up = Axis(points.map(\.polls), from: 380, to: 40, Axis.numbers)
        var parts = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 440" font-family="sans-serif" font-size="12">"#,
            #"<rect width="640" height="440" fill="white"/>"#,
        ]
        for (tick, place) in across.ticks {
            parts.append(Self.line(place, 40, place, 380, "#e4e4e4"))
            parts.append(Self.text(Self.time(tick), place, 398, "middle"))
        }
        for (tick, place) in up.ticks {
            parts.append(Self.line(70, place, 610, place, "#e4e4e4"))
            parts.append(Self.text(String(format: "%g", tick), 62, place + 4, "end"))
        }
        parts.append(Self.text("mean lag from readiness to discovery", 340, 424, "middle"))
        parts.append(Self.text("checks of a job", 70, 28, "start"))
        for curve in curves {
            let places = curve.points.map { String(format: "%.1f,%.1f", across.place($0.lag), up.place($0.polls)) }
            if places.count > 1 {
                parts.append(
                    #"<polyline fill="none" stroke="\#(curve.colour)" stroke-width="2" points="\#(places.joined(separator: " "))"/>"#)
            }
            for point in curve.points {
                parts.append(
                    String(
                        format: #"<circle cx="%.1f" cy="%.1f" r="3.5" fill="%@"/>"#, across.place(point.lag), up.place(point.polls),
                        curve.colour))
            }
        }
        for (row, curve) in curves.enumerated() {
            let height = 56 + Double(row) * 18
            parts.append(#"<rect x="392" y="\#(height - 9)" width="12" height="10" fill="\#(curve.colour)"/>"#)
            parts.append(Self.text(curve.name, 410, height, "start"))
        }
        return (parts + ["</svg>", ""]).joined(separator: "\n")
    }

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String) -> String {
        String(format: #"<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%@"/>"#, x1, y1, x2, y2, colour)
    }

    private static func text(_ text: String, _ x: Double, _ y: Double, _ anchor: String) -> String {
        String(format: #"<text x="%.1f" y="%.1f" text-anchor="%@">%@</text>"#, x, y, anchor, text)
    }

    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<60: String(format: "%g s", seconds)
        case ..<3600: String(format: "%g min", seconds / 60)
        default: String(format: "%g h", seconds / 3600)
        }
    }

    /// A logarithmic axis over some values.
    struct Axis {
        private let low: Double
        private let high: Double
        private let from: Double
        private let to: Double
        /// Where lines may be.
        private let round: [Double]

        static let numbers = (-3...6).flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
        /// Those that clocks have.
        static let times = numbers.filter { $0 < 10 } + [10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18_000, 36_000, 86_400]

        init(_ values: [Double], from: Double, to: Double, _ round: [Double]) {
            let positive = values.filter { $0 > 0 }
            low = log((positive.min() ?? 1) / 1.15)
            high = log((positive.max() ?? 10) * 1.15)
            (self.from, self.to, self.round) = (from, to, round)
        }

        func place(_ value: Double) -> Double { from + (to - from) * (log(max(value, 1e-9)) - low) / max(high - low, 1e-9) }

        /// Not closer together than their texts allow.
        var ticks: [(Double, Double)] {
            var ticks: [(Double, Double)] = []
            for tick in round where (low...high).contains(log(tick)) {
                let place = place(tick)
                if let last = ticks.last, abs(place - last.1) < 34 { continue }
                ticks.append((tick, place))
            }
            return ticks
        }
    }
}
