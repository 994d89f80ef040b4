import EventThread
import Glibc
import Synchronization

/// Gives scripted responses to requests in order, for failures that a real server cannot be made to produce.
final class ScriptedS3: Sendable {
    struct Answer: Sendable {
        var status = 200
        var headers: [String] = []
        var body = ""

        static func error(_ status: Int, _ code: String, headers: [String] = []) -> Answer {
            Answer(status: status, headers: headers, body: "<Error><Code>\(code)</Code></Error>")
        }
    }

    private let listener: Int32
    let port: UInt16
    /// Request line and headers of the received requests.
    private let received = Mutex<[String]>([])
    var requests: [String] { received.withLock { $0 } }

    /// The last response is repeated for all further requests.
    init(_ answers: [Answer]) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length)
                listen(listener, 16)
                getsockname(listener, $0, &length)
            }
            return UInt16(bigEndian: $0.pointee.sin_port)
        }
        Pthread.start("scripted-s3") { [self] in
            var rest = answers[...]
            while true {
                let connection = accept(listener, nil, nil)
                // Here, not in `stop`: this thread must not accept on a descriptor number that was reused.
                guard connection >= 0 else {
                    close(listener)
                    return
                }
                if let answer = rest.first, let request = Self.readRequest(connection) {
                    received.withLock { $0.append(request) }
                    Self.send(answer, connection)
                    if rest.count > 1 { rest.removeFirst() }
                }
                close(connection)
            }
        }
    }

    /// Ends the thread.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private static func readRequest(_ connection: Int32) -> String? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            var byte: UInt8 = 0
            guard read(connection, &byte, 1) == 1 else { return nil }
            head.append(byte)
        }
        let text = String(decoding: head, as: UTF8.self)
        var rest =
            text.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        var buffer = [UInt8](repeating: 0, count: 65536)
        while rest > 0 {
            let count = read(connection, &buffer, min(rest, buffer.count))
            if count <= 0 { return nil }
            rest -= count
        }
        return text
    }

    private static func send(_ answer: Answer, _ connection: Int32) {
        let headers = answer.headers.map { $0 + "\r\n" }.joined()
        let text =
            "HTTP/1.1 \(answer.status) X\r\nContent-Length: \(answer.body.utf8.count)\r\nConnection: close\r\n\(headers)\r\n\(answer.body)"
        var bytes = Array(text.utf8)
        while !bytes.isEmpty {
            let count = write(connection, bytes, bytes.count)
            if count <= 0 { return }
            bytes.removeFirst(count)
        }
    }
}
