import Crypto
import Encoding
import ExportCore
import Foundation
import HTTPClient
import ProviderAPI
import Worker

/// Downloads a file of a trial, and compares it with what the listing promised.
struct TrialDownload {
    let client: ProviderClient
    let job: JobContext
    let exportHandle: String
    let page: TrialPage
    /// Where to write it; `nil`: it is only counted.
    let folder: String?

    /// What came of one attempt.
    enum Outcome {
        case bytes(Int)
        case failed(Failure)
        /// It is not what was promised; the page says why.
        case wrong
    }

    func run(_ file: ListedFile) async throws -> Outcome {
        let stream: HTTPStream
        do throws(Failure) {
            stream = try await client.download(DownloadTarget(file), job, exportHandle: exportHandle)
        } catch {
            page.bad("\(error.code) (\(error.failureClass.rawValue)): \(error.message)")
            return .failed(error)
        }
        // As a worker names it, but for suffixes.
        let told = file.isNamed ? nil : stream.headers["content-disposition"].flatMap { ContentDisposition.fileName($0) }
        if let told { page.good("named by its download: \(told)") }
        let target = try folder.map { try Self.open(told ?? file.name, in: $0) }
        defer { try? target?.handle.close() }  // what was written stays
        var hash = SHA256()
        var count = 0
        let begun = ContinuousClock.now
        var bar = ProgressBar("bytes", total: file.bytes.map { Int($0) })
        do {
            while let bytes = try await stream.next() {
                hash.update(data: bytes)
                count += bytes.count
                try target?.handle.write(contentsOf: bytes)
                if Terminal.isErrorTerminal, .now - begun > .seconds(1) { bar.update(count) }
            }
        } catch {
            page.bad((error as? HTTPError).map { "\($0)" } ?? "the file cannot be written: \(error.localizedDescription)")
            return .wrong
        }
        if Terminal.isErrorTerminal { Terminal.write("\r\u{1B}[2K") }
        let sum = Hexadecimal.text(hash.finalize())
        // A promise may speak of what a content coding hides: a worker undoes it, a trial does not.
        let isCoded = stream.headers["content-encoding"].map { $0.lowercased() != "identity" } ?? false
        if !isCoded, let promised = file.bytes, promised != count {
            page.bad("\(promised) bytes were promised, \(count) arrived")
            return .wrong
        }
        if !isCoded, let promised = file.sha256, promised.lowercased() != sum {
            page.bad("SHA-256 \(promised) was promised, \(sum) arrived")
            return .wrong
        }
        page.good(
            (isCoded ? "as served (\(stream.headers["content-encoding"] ?? "")): " : "")
                + "\(TrialPage.size(count)), SHA-256 \(sum.prefix(12))…" + (target.map { ", in \($0.path)" } ?? ""))
        return .bytes(count)
    }

    /// Reads the pages of data, and makes of them what a worker does.
    func run(_ file: ListedFile, pages rules: DataRules) async throws -> Outcome {
        var assembly = DataAssembly(name: file.name, rules: rules)
        var cursor = DataCursor()
        var target: (handle: FileHandle, path: String)?
        defer { try? target?.handle.close() }  // what was written stays
        var total = 0
        repeat {
            let next: DataPage
            do throws(Failure) {
                next = try await client.dataPage(job, exportHandle: exportHandle, at: cursor)
            } catch {
                page.bad("\(error.code) (\(error.failureClass.rawValue)): \(error.message)")
                return .failed(error)
            }
            if let name = assembly.begin(hasHeader: next.hasHeader) {
                try target?.handle.close()
                target = try folder.map { try Self.open(name, in: $0) }
            }
            var count = 0
            func write(_ bytes: [UInt8]) throws {
                count += bytes.count
                try target?.handle.write(contentsOf: bytes)
            }
            do {
                switch next.content {
                case .bytes(let bytes): try write(assembly.add(bytes))
                case .body(let stream): while let bytes = try await stream.next() { try write(assembly.add(bytes)) }
                }
                try write(assembly.end())
            } catch {
                page.bad((error as? HTTPError).map { "\($0)" } ?? "the file cannot be written: \(error.localizedDescription)")
                return .wrong
            }
            total += count
            page.good("page \(assembly.pages): \(TrialPage.size(count))" + (target.map { ", in \($0.path)" } ?? ""))
            cursor = next.next
        } while cursor.token != nil
        return .bytes(total)
    }

    private static func open(_ file: String, in folder: String) throws -> (handle: FileHandle, path: String) {
        let name = SafePath.usable(file)?.replacing("/", with: "-") ?? "file"
        let path = "\(folder)/\(name)"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: path))
            return (try FileHandle(forWritingTo: URL(fileURLWithPath: path)), path)
        } catch {
            throw Problem(message: "--save \(folder): cannot write \(name): \(error.localizedDescription)", code: .init(74))
        }
    }
}
