/// The best instants for checks, if the distribution of the durations is known: dynamic programming over the cells of a grid, from the longest
/// duration back. A check costs `price` seconds of lag.
struct OptimalSchedule: Sendable {
    /// Seconds since the creation.
    let instants: [Double]
    let polls: Double
    let meanLag: Double

    init(_ grid: DurationGrid, price: Double) {
        let edges = grid.edges, cells = grid.shares.count
        // Sums of the probability and of the durations before each edge.
        var mass = [0.0], moment = [0.0]
        for cell in 0..<cells {
            mass.append(mass[cell] + grid.shares[cell])
            moment.append(moment[cell] + grid.shares[cell] * (edges[cell] + edges[cell + 1]) / 2)
        }
        func lag(_ from: Int, _ to: Int) -> Double { edges[to] * (mass[to] - mass[from]) - (moment[to] - moment[from]) }

        // What everything behind an edge costs at the least, unconditionally.
        var cost = Array(repeating: 0.0, count: cells + 1), next = Array(repeating: cells, count: cells + 1)
        for from in stride(from: cells - 1, through: 0, by: -1) {
            let check = price * (mass[cells] - mass[from])
            var best = Double.infinity
            for to in from + 1...cells {
                let late = lag(from, to)
                if check + late >= best { break }  // The lag only grows.
                if check + late + cost[to] < best { (best, next[from]) = (check + late + cost[to], to) }
            }
            cost[from] = best
        }
        var instants: [Double] = [], polls = 0.0, lags = 0.0, edge = 0
        while edge < cells {
            let to = next[edge]
            polls += mass[cells] - mass[edge]
            lags += lag(edge, to)
            instants.append(edges[to])
            edge = to
        }
        (self.instants, self.polls, meanLag) = (instants, polls, lags)
    }
}

/// The optimum for a workload: one price for the checks of all its kinds.
public struct Optimum: Sendable {
    public let schedules: [[Double]]
    public let pollsPerJob: Double
    /// In seconds.
    public let meanLag: Double

    /// The kinds of a workload, each of which is known. Without a key all exports are of one kind.
    struct Kinds: Sendable {
        let grids: [DurationGrid]

        private static let samples = 40_000

        init(_ workload: Workload, cells: Int) {
            var random = SplitMix(seed: 99)
            func samples(_ number: Int, _ draw: (inout SplitMix) -> Double) -> [Double] { (0..<number).map { _ in draw(&random) } }
            func draws(_ kind: DurationDistribution) -> [Double] {
                if case .observed(let seconds) = kind { return seconds }
                return samples(Self.samples) { kind.draw(&$0) }
            }
            if workload.isKeyed || workload.kinds.count == 1 {
                grids = workload.kinds.map { DurationGrid(draws($0), most: cells) }
            } else {
                let kinds = workload.kinds
                grids = [
                    DurationGrid(
                        samples(Self.samples) { random in kinds[Int.random(in: kinds.indices, using: &random)].draw(&random) }, most: cells)
                ]
            }
        }
    }

    init(_ kinds: Kinds, price: Double) {
        let schedules = kinds.grids.map { OptimalSchedule($0, price: price) }, number = Double(schedules.count)
        self.schedules = schedules.map(\.instants)
        pollsPerJob = schedules.reduce(0) { $0 + $1.polls } / number
        meanLag = schedules.reduce(0) { $0 + $1.meanLag } / number
    }

    /// The schedule that costs the fewest checks at this mean lag.
    public init(_ workload: Workload, lag: Double) { self.init(workload, lag: lag, cells: DurationGrid.usual) }

    /// - Parameter cells: of the grid; fewer are less exact and faster.
    init(_ workload: Workload, lag: Double, cells: Int) {
        let kinds = Kinds(workload, cells: cells)
        // The cheaper a check, the shorter the lag.
        var low = lag * 1e-3, high = lag * 1e3
        for _ in 0..<14 {
            let price = (low * high).squareRoot()
            if Optimum(kinds, price: price).meanLag > lag { high = price } else { low = price }
        }
        self.init(kinds, price: low)
    }
}
