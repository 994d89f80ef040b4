import Crypto
import Encoding
import Foundation
import Testing

@testable import Sandbox

@Suite("Files")
struct FilesTests {
    @Test("pages of files follow each other by token and end, without gaps or repetition")
    func paging() async throws {
        try await RunningSandbox.with(["page-size": "3"]) { sandbox in
            let order = #"{"files": 8, "bytesPerFile": 100, "compression": "none", "durationSeconds": 0}"#
            let export = try await sandbox.create(order)
            var names: [String] = []
            var sizes: [Int] = []
            var page: String? = ""
            while let token = page {
                let listing = try await sandbox.http.get("/v2/exports/\(export.id)/files?page=\(token)")
                    .decode(RunningSandbox.Listing.self)
                names += listing.files.map(\.name)
                sizes.append(listing.files.count)
                page = listing.nextPage
            }
            #expect(sizes == [3, 3, 2])
            #expect(names == (1...8).map { "report-000\($0).csv" })
            #expect(try await sandbox.http.get("/v2/exports/\(export.id)/files?page=x").status == 400)
        }
    }

    @Test(
        "downloads unpacked by the system's own tools match the listing and the expected data",
        arguments: [
            FileCompression.none, .gzip, .zip,
        ])
    func checksums(compression: FileCompression) async throws {
        try await RunningSandbox.with(["checksums": "sha256,md5", "entries": "3"]) { sandbox in
            let order = #"{"files": 2, "bytesPerFile": 300001, "compression": "\#(compression.rawValue)"}"#
            let (export, files) = try await sandbox.readyExport(order)
            let truth = try #require(try await sandbox.truth(export.id).first)
            #expect(files.count == 2 && truth.files.count == 2)
            for (file, known) in zip(files, truth.files) {
                let download = try await sandbox.http.get(file.target)
                #expect(download.isWhole && download.body.count == file.bytes)
                #expect(Hexadecimal.text(SHA256.hash(data: download.body)) == file.sha256)
                #expect(Hexadecimal.text(Insecure.MD5.hash(data: download.body)) == file.md5)
                #expect(known.sha256 == file.sha256 && known.bytes == file.bytes && known.name == file.name)
                #expect(try Unpacked.entries(of: download.body, compression, name: known.entries[0].name) == known.entries)
                #expect(known.entries.reduce(0) { $0 + $1.bytes } == 300_001)
            }
        }
    }

    @Test("packed files are much smaller than their contents, and contents are complete rows")
    func plausibility() async throws {
        try await RunningSandbox.with { sandbox in
            let (export, files) = try await sandbox.readyExport(#"{"files": 1, "bytesPerFile": 1000000, "compression": "gzip"}"#)
            #expect(try await sandbox.truth(export.id)[0].files[0].bytes < 350_000)
            #expect(files[0].bytes < 350_000)
            let (_, plain) = try await sandbox.readyExport(#"{"files": 1, "bytesPerFile": 5000, "compression": "none"}"#)
            let rows = try await sandbox.http.get(plain[0].target).text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(rows.first == "id,time,account,country,units,amount")
            #expect(rows.last == "")
            #expect(rows.dropFirst().dropLast(2).allSatisfy { $0.split(separator: ",").count == 6 })
        }
    }

    @Test("a range is served from plain and from packed files", arguments: [FileCompression.none, .gzip])
    func ranges(compression: FileCompression) async throws {
        try await RunningSandbox.with { sandbox in
            let order = #"{"files": 1, "bytesPerFile": 500000, "compression": "\#(compression.rawValue)"}"#
            let (_, files) = try await sandbox.readyExport(order)
            let whole = try await sandbox.http.get(files[0].target).body
            func part(_ range: String) async throws -> RawHTTP.Response {
                try await sandbox.http.send("GET", files[0].target, headers: ["Range": range])
            }
            let middle = try await part("bytes=70000-80000")
            #expect(middle.status == 206)
            #expect(middle.headers["content-range"] == "bytes 70000-80000/\(whole.count)")
            #expect(middle.body == Array(whole[70_000...80_000]))
            #expect(try await part("bytes=100-").body == Array(whole[100...]))
            #expect(try await part("bytes=-7").body == Array(whole.suffix(7)))
            #expect(try await part("bytes=99999999-").status == 416)
            #expect(try await part("pages=1-2").status == 200)
        }
    }

    @Test("a link works until it expires, a new listing gives a valid one, a forged one is rejected")
    func linkExpiry() async throws {
        try await RunningSandbox.with(["link-lifetime": "60s"]) { sandbox in
            let (export, files) = try await sandbox.readyExport(#"{"files": 1, "compression": "none"}"#)
            let target = files[0].target
            sandbox.clock.advance(by: .milliseconds(59_999))
            #expect(try await sandbox.http.get(target).status == 200)
            sandbox.clock.advance(by: .milliseconds(1))
            let expired = try await sandbox.http.get(target)
            #expect(expired.status == 403)
            #expect(try expired.decode(RunningSandbox.Refusal.self).error.code == "link-expired")
            let fresh = try await sandbox.files(export.id)[0].target
            #expect(try await sandbox.http.get(fresh).status == 200)
            let forged = fresh.replacing("expires=1", with: "expires=2")
            #expect(try await sandbox.http.get(forged).status == 403)
            #expect(try await sandbox.http.get(fresh.replacing("/0/", with: "/1/")).status == 403)
        }
    }

    @Test("an expired link can give 410, and links can start with another URL than the request's")
    func configuredLinks() async throws {
        let options: KeyValuePairs = ["link-lifetime": "1s", "expired-status": "410", "public-url": "https://files.example/"]
        try await RunningSandbox.with(options) { sandbox in
            let (_, files) = try await sandbox.readyExport(#"{"files": 1, "bytesPerFile": 10}"#)
            #expect(files[0].url.hasPrefix("https://files.example/v2/files/ex-"))
            sandbox.clock.advance(by: .seconds(1))
            #expect(try await sandbox.http.get(files[0].target).status == 410)
        }
    }

    @Test("an empty file is a file")
    func emptyFile() async throws {
        try await RunningSandbox.with { sandbox in
            for compression in FileCompression.allCases {
                let order = #"{"files": 1, "bytesPerFile": 0, "compression": "\#(compression.rawValue)", "entries": 1}"#
                let (export, files) = try await sandbox.readyExport(order)
                let download = try await sandbox.http.get(files[0].target)
                #expect(download.isWhole && download.body.count == files[0].bytes)
                let entries = try await sandbox.truth(export.id)[0].files[0].entries
                #expect(try Unpacked.entries(of: download.body, compression, name: entries[0].name) == entries)
            }
        }
    }
}
