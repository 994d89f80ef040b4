extension FaultRule {
    /// Parses `FAULT=AMOUNT` or `POINT:FAULT=AMOUNT`, such as `500=0.05`, `status:429=10%` or `corruptBody=1`.
    public init(parsing text: String, option: String = "fault") throws(SandboxOptionError) {
        let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2 else {
            throw SandboxOptionError(option: option, value: text, problem: "expected FAULT=RATE, such as 500=0.05")
        }
        try self.init(name: String(pair[0]), amount: String(pair[1]), option: option)
    }

    /// - Parameters:
    ///   - name: `FAULT` or `POINT:FAULT`.
    ///   - amount: a rate below 1 (`0.05`), a percentage (`5%`), or an integer N for the first N occasions.
    init(name: String, amount: String, option: String) throws(SandboxOptionError) {
        func problem(_ problem: String) -> SandboxOptionError {
            SandboxOptionError(option: option, value: "\(name)=\(amount)", problem: problem)
        }
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let fault = Fault(rawValue: parts[parts.count - 1]) else {
            throw problem("unknown fault; use one of \(Fault.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        var point: FaultPoint?
        if parts.count == 2 {
            guard let known = FaultPoint(rawValue: parts[0]), fault.points.contains(known) else {
                let points = fault.points.map(\.rawValue).sorted().joined(separator: ", ")
                throw problem("\(fault.rawValue) cannot occur at “\(parts[0])”; use \(points)")
            }
            point = known
        }
        guard let amount = Amount(text: amount) else {
            throw problem("expected a rate below 1, a percentage up to 100%, or the number of first occasions")
        }
        self.init(fault, amount, at: point)
    }
}

extension FaultRule.Amount {
    init?(text: String) {
        if text.hasSuffix("%") {
            guard let percent = Double(text.dropLast()), (0...100).contains(percent) else { return nil }
            self = .rate(percent / 100)
        } else if let count = Int(text), (0...1_000_000).contains(count) {
            self = .first(count)
        } else if let number = Double(text), (0...1_000_000).contains(number) {
            if number < 1 {
                self = .rate(number)
            } else if number == number.rounded() {
                self = .first(Int(number))
            } else {
                return nil
            }
        } else {
            return nil
        }
    }
}
