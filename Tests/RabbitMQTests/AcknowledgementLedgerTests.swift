import Testing

@testable import RabbitMQ

@Suite("Combining acknowledgements")
struct AcknowledgementLedgerTests {
    private func ledger(_ numbers: ClosedRange<UInt64>) -> AcknowledgementLedger {
        var ledger = AcknowledgementLedger()
        for number in numbers { ledger.delivered(number) }
        return ledger
    }

    private func flush(_ ledger: inout AcknowledgementLedger) -> [Settlement] {
        var sent: [Settlement] = []
        ledger.flush { sent.append($0) }
        return sent
    }

    private func acknowledge(_ ledger: inout AcknowledgementLedger, _ numbers: UInt64..., expecting expected: Bool = true) {
        for number in numbers {
            let isSettled = ledger.acknowledge(number)
            #expect(isSettled == expected)
        }
    }

    private func reject(_ ledger: inout AcknowledgementLedger, _ number: UInt64, requeue: Bool, expecting expected: Bool = true) {
        let isSettled = ledger.reject(number, requeue: requeue)
        #expect(isSettled == expected)
    }

    @Test("a run from the oldest delivery becomes one multiple acknowledgement")
    func run() {
        var ledger = ledger(1...5)
        acknowledge(&ledger, 2, 1, 3)
        #expect(ledger.outstanding == 2)
        #expect(flush(&ledger) == [.acknowledge(3, multiple: true)])
        #expect(flush(&ledger) == [])
    }

    @Test("an acknowledgement after an outstanding delivery is sent by itself")
    func gap() {
        var ledger = ledger(1...5)
        acknowledge(&ledger, 1, 3, 5)
        #expect(
            flush(&ledger) == [
                .acknowledge(1, multiple: false), .acknowledge(3, multiple: false), .acknowledge(5, multiple: false),
            ])
        acknowledge(&ledger, 2)
        #expect(flush(&ledger) == [.acknowledge(2, multiple: false)])
        acknowledge(&ledger, 4)
        // 5 is already settled: naming it again would close the channel.
        #expect(flush(&ledger) == [.acknowledge(4, multiple: false)])
        #expect(ledger.outstanding == 0)
    }

    @Test("rejections are sent before the acknowledgement that would cover them")
    func rejections() {
        var ledger = ledger(1...4)
        acknowledge(&ledger, 1, 3)
        reject(&ledger, 2, requeue: true)
        reject(&ledger, 4, requeue: false)
        #expect(
            flush(&ledger) == [.reject(2, requeue: true), .reject(4, requeue: false), .acknowledge(3, multiple: true)])
    }

    @Test("a delivery is settled only once")
    func once() {
        var ledger = ledger(1...2)
        acknowledge(&ledger, 1)
        acknowledge(&ledger, 1, expecting: false)
        reject(&ledger, 1, requeue: true, expecting: false)
        _ = flush(&ledger)
        acknowledge(&ledger, 1, 3, 0, expecting: false)
    }

    /// A minimal broker: it tracks outstanding deliveries and closes the channel on an unknown number.
    private struct Broker {
        var outstanding: Set<UInt64> = []
        var acknowledged: Set<UInt64> = []

        mutating func receive(_ settlement: Settlement) -> Bool {
            switch settlement {
            case .reject(let number, _): return outstanding.remove(number) != nil
            case .acknowledge(let number, let multiple):
                guard outstanding.contains(number) else { return false }
                let settled = multiple ? outstanding.filter { $0 <= number } : [number]
                outstanding.subtract(settled)
                acknowledged.formUnion(settled)
                return true
            }
        }
    }

    private func send(from ledger: inout AcknowledgementLedger, to broker: inout Broker) {
        for settlement in flush(&ledger) {
            let isKnown = broker.receive(settlement)
            #expect(isKnown)
        }
    }

    @Test("with one delivery held and others arriving and leaving, the broker settles exactly the acknowledged ones")
    func agreesWithTheBroker() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var ledger = AcknowledgementLedger()
            var broker = Broker()
            var open: [UInt64] = []
            var asked: Set<UInt64> = []
            for number in UInt64(1)...600 {
                ledger.delivered(number)
                broker.outstanding.insert(number)
                // Number 7 is held until the end.
                if number != 7 { open.append(number) }
                while open.count > Int.random(in: 0...20, using: &generator) {
                    let number = open.remove(at: Int.random(in: open.indices, using: &generator))
                    if Int.random(in: 0..<10, using: &generator) == 0 {
                        reject(&ledger, number, requeue: true)
                    } else {
                        acknowledge(&ledger, number)
                        asked.insert(number)
                    }
                }
                if Bool.random(using: &generator) { send(from: &ledger, to: &broker) }
            }
            send(from: &ledger, to: &broker)
            #expect(broker.acknowledged == asked)
            #expect(broker.outstanding == Set(open + [7]))
            #expect(ledger.outstanding == open.count + 1)
        }
    }
}
