import EventThread
import Foundation
@testable import HTTPClient
import Logging
import Testing

extension EgressPolicy {
    /// Allows the addresses of the tests' servers and the public Internet.
    static var loopback: EgressPolicy { .publicAnd(["127.0.0.0/8", "::1"].compactMap { AddressRange($0) }) }
}

/// Runs `body` with a client on its own thread, and shuts the client down afterwards.
func withClient<Value>(
    _ configuration: HTTPClientConfiguration = HTTPClientConfiguration(egress: .loopback),
    _ body: (HTTPClient) async throws -> Value
) async throws -> Value {
    // OpenSSL writes to sockets whose peer may have gone.
    signal(SIGPIPE, SIG_IGN)
    let thread = EventThread(name: "http-test")
    let client = HTTPClient(configuration, on: thread, logger: Logger(label: "http-test"))
    let result: Result<Value, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    await client.shutdown(within: .zero)
    thread.stop()
    return try result.get()
}

extension HTTPClient {
    /// The number of requests and unread streams that the client holds.
    var held: Int { transfers.count }
    var isBeingRead: Bool { transfers.values.contains { $0.reader != nil } }
}

/// Returns the `HTTPError` that `body` must throw.
func failure(of body: () async throws -> some Any, _ location: SourceLocation = #_sourceLocation) async -> HTTPError? {
    do {
        let value = try await body()
        Issue.record("no error but \(value)", sourceLocation: location)
    } catch let error as HTTPError {
        return error
    } catch {
        Issue.record("another error: \(error)", sourceLocation: location)
    }
    return nil
}

/// Waits for the condition, which must become true before the deadline.
func eventually(
    _ what: Comment, within limit: Duration = .seconds(10), _ location: SourceLocation = #_sourceLocation,
    _ condition: () async -> Bool
) async {
    let deadline = ContinuousClock.now + limit
    while await !condition() {
        guard ContinuousClock.now < deadline else {
            Issue.record(what, sourceLocation: location)
            return
        }
        // Only cancellation interrupts the sleep, which ends the test too.
        try? await Task.sleep(for: .milliseconds(5))
    }
}

/// Bytes that encode their position in the body.
enum Pattern {
    private static let period = 65_521
    private static let twice = (0..<(2 * period)).map { UInt8(truncatingIfNeeded: ($0 % period) &* 167 &+ ($0 % period) >> 8) }

    static func bytes(_ range: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let count = min(period, range.upperBound - position)
            bytes += twice[(position % period)..<(position % period + count)]
            position += count
        }
        return bytes
    }

    static func matches(_ bytes: [UInt8], at position: Int) -> Bool { bytes == self.bytes(position..<(position + bytes.count)) }
}

/// The process's current memory in bytes.
func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}

/// Raises the limit of open files, if the hard limit allows it.
func raiseDescriptorLimit(to count: UInt) throws {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < count else { return }
    limit.rlim_cur = min(count, limit.rlim_max)
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { throw POSIXError(.EMFILE) }
}
