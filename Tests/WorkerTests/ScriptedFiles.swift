import EventThread
import ExportCore
import Glibc
import JobStore
import ObjectStorage
import Synchronization

@testable import Worker

/// Serves files as badly as a test asks for: any status, headers and body.
final class ScriptedFiles: Sendable {
    struct Answer: Sendable {
        var status = 200
        var headers: [String] = []
        var body: [UInt8] = []
        /// Whether a `Content-Length` is sent; otherwise the end of the connection ends the body.
        var hasLength = true

        init(_ body: [UInt8], _ headers: String..., status: Int = 200, hasLength: Bool = true) {
            (self.body, self.headers, self.status, self.hasLength) = (body, headers, status, hasLength)
        }

        init(_ text: String, _ headers: String..., status: Int = 200) {
            (self.body, self.headers, self.status) = (Array(text.utf8), headers, status)
        }
    }

    private let listener: Int32
    let port: UInt16
    private let asked = Mutex<[String: Int]>([:])

    /// - Parameters:
    ///   - answers: for each path, in order; the last one is repeated.
    ///   - wanted: the port of one that was stopped; 0: any.
    init(_ answers: [String: [Answer]], port wanted: UInt16 = 0) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = wanted.bigEndian
        var reuse: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length)
                listen(listener, 64)
                getsockname(listener, $0, &length)
            }
            return UInt16(bigEndian: $0.pointee.sin_port)
        }
        Pthread.start("scripted-files") { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    close(listener)
                    return
                }
                if let path = Self.path(connection) {
                    let number = asked.withLock { asked in
                        defer { asked[path, default: 0] += 1 }
                        return asked[path, default: 0]
                    }
                    let script = answers[path] ?? [Answer("no such file", status: 404)]
                    Self.send(script[min(number, script.count - 1)], connection)
                }
                close(connection)
            }
        }
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    /// How often a path was asked for.
    func requests(_ path: String) -> Int { asked.withLock { $0[path, default: 0] } }

    /// Ends the thread.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func path(_ connection: Int32) -> String? {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            var byte: UInt8 = 0
            guard read(connection, &byte, 1) == 1 else { return nil }
            head.append(byte)
        }
        return String(decoding: head, as: UTF8.self).split(separator: " ").dropFirst().first.map(String.init)
    }

    private static func send(_ answer: Answer, _ connection: Int32) {
        var lines = answer.headers + ["Connection: close"]
        if answer.hasLength { lines.append("Content-Length: \(answer.body.count)") }
        // Some headers are ISO-8859-1: each character below U+0100 is one byte.
        var bytes = "HTTP/1.1 \(answer.status) X\r\n\(lines.joined(separator: "\r\n"))\r\n\r\n".unicodeScalars.map {
            UInt8(truncatingIfNeeded: $0.value)
        }
        bytes += answer.body
        while !bytes.isEmpty {
            let count = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if count <= 0 { return }
            bytes.removeFirst(count)
        }
    }
}

extension WorkerFixture {
    /// Lets a worker transfer files with scripted answers, until their job has ended.
    /// - Parameter change: applied to each file before it is stored.
    /// - Returns: the content of the objects by name, and the job's failures.
    func transfer(
        _ answers: [String: [ScriptedFiles.Answer]], names: [String]? = nil, configuration: WorkerConfiguration = configuration,
        change: (inout FileTask) -> Void = { _ in }
    ) async throws -> (objects: [String: [UInt8]], failures: [String], id: JobID) {
        let server = ScriptedFiles(Dictionary(uniqueKeysWithValues: answers.map { ("/\($0.key)", $0.value) }))
        defer { server.stop() }
        var tasks = (names ?? answers.keys.sorted()).map { FileTask(name: $0, url: server.url("/\($0)"), listedName: $0) }
        for index in tasks.indices { change(&tasks[index]) }
        let id = try await store(request("job-1"), tasks, handle: "{}")
        try await withWorker(configuration) { _ in
            try await publish(id, files: 0..<tasks.count)
            _ = try await end(of: id)
        }
        var objects: [String: [UInt8]] = [:]
        let key = ObjectKey(try await job(id))
        if try await storage.exists(key: key.manifest) {
            for object in try await manifest(of: id).objects {
                objects[object.name] = try await storage.get(key: key.object(object.name), maxBytes: 64 << 20)
            }
        }
        return (objects, try await failures(of: id), id)
    }
}
