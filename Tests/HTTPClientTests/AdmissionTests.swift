@testable import HTTPClient
import Testing

@Suite("Admission")
struct AdmissionTests {
    @Test("a host gets no more than its connections, in the order of asking")
    func perHost() {
        let admission = Admission(maxPerHost: 2, maxTotal: 10)
        #expect(admission.admit(1, host: "a") && admission.admit(2, host: "a"))
        #expect(!admission.admit(3, host: "a") && !admission.admit(4, host: "a") && !admission.admit(5, host: "a"))
        #expect(admission.admit(6, host: "b"))
        #expect(admission.waiting == 3)
        #expect(admission.release(host: "a") { $0 != 3 } == [4])
        #expect(admission.release(host: "a") { _ in true } == [5])
        #expect(admission.active == 3 && admission.waiting == 0)
    }

    @Test("hosts take turns for the connections in all")
    func turns() {
        let admission = Admission(maxPerHost: 4, maxTotal: 2)
        #expect(admission.admit(1, host: "a") && admission.admit(2, host: "a"))
        for (id, host) in [(3, "a"), (4, "a"), (5, "b"), (6, "b"), (7, "c")] as [(UInt64, String)] {
            #expect(!admission.admit(id, host: host))
        }
        var order: [UInt64] = []
        var held = ["a", "a"]
        let hosts: [UInt64: String] = [3: "a", 4: "a", 5: "b", 6: "b", 7: "c"]
        while !held.isEmpty {
            let next = admission.release(host: held.removeFirst()) { _ in true }
            order += next
            held += next.compactMap { hosts[$0] }
        }
        #expect(order == [3, 5, 7, 4, 6])
        #expect(admission.active == 0 && admission.waiting == 0)
    }
}
