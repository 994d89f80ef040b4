import AWSSignature
import EventThread
import Foundation
import HTTPClient
import Logging
import TestServers
import Testing

@testable import ObjectStorage

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Every kind of storage, empty.
enum StorageUnderTest: String, CaseIterable, CustomTestStringConvertible {
    case s3, folder

    static var allCases: [StorageUnderTest] { TestServer.areAvailable ? [.s3, .folder] : [.folder] }
    var testDescription: String { rawValue }

    func run(_ body: (any ObjectStorage) async throws -> Void) async throws {
        switch self {
        case .s3: try await withS3 { storage, _ in try await body(storage) }
        case .folder: try await withFolder { storage, _ in try await body(storage) }
        }
    }
}

func withFolder(_ body: (FolderStorage, _ path: String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "longhaul-storage-\(UUID().uuidString)")
    defer { do { try FileManager.default.removeItem(at: folder) } catch { Issue.record(error) } }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The storage creates its root itself.
    let root = folder.appending(path: "root").path
    try await body(FolderStorage(path: root, logger: quiet), root)
}

func s3Configuration(bucket: String, prefix: String = "a prefix/x") throws -> S3Configuration {
    try S3Configuration(
        bucket: bucket, prefix: prefix,
        credentials: AWSCredentials(
            accessKeyID: SharedServers.value("AWS_ACCESS_KEY_ID"), secretAccessKey: SharedServers.value("AWS_SECRET_ACCESS_KEY")),
        endpoint: SharedServers.s3Endpoint)
}

/// Its own bucket on the shared server.
func withS3(_ body: (S3Storage, HTTPClient) async throws -> Void) async throws {
    let thread = EventThread(name: "storage-test")
    let http = HTTPClient(HTTPClientConfiguration(name: "storage"), on: thread, logger: quiet)
    let storage = S3Storage(try s3Configuration(bucket: "test-\(UUID().uuidString.lowercased())"), http: http, logger: quiet)
    do {
        try await storage.createBucketIfMissing()
        try await body(storage, http)
    } catch {
        await http.shutdown()
        thread.stop()
        throw error
    }
    await http.shutdown()
    thread.stop()
}

/// Bytes that differ by position, so that parts in the wrong order are detected: no part is a multiple of the period.
func bytes(_ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count + period.count)
    while result.count < count { result += period }
    return Array(result.prefix(count))
}

private let period = (0..<4099).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 8)) }
