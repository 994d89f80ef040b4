import ExportCore
import ProviderAPI
import Testing

@testable import Worker

@Suite("Keys and names of objects")
struct ObjectKeyTests {
    private func names(_ file: String, _ form: ObjectNames.Form, _ entries: [String?]) throws -> [String] {
        var names = try ObjectNames(file: file, form: form)
        return try entries.map { try names.next(entry: $0) }
    }

    @Test("a key contains the provider, the day of the job's creation in UTC, the job and the name")
    func key() throws {
        let id = try #require(JobID("job:7"))
        // 2026-02-28T23:59:59.999Z
        let job = Job(request: JobRequest(id: id, provider: "acme"), createdAt: 1_772_323_199_999)
        #expect(ObjectKey(job).object("a b/é.csv") == "acme/2026-02-28/job:7/a b/é.csv")
        #expect(ObjectKey(job).manifest == "acme/2026-02-28/job:7/manifest.json")
    }

    @Test("an unpacked file keeps its name, with spaces and Unicode byte for byte")
    func plain() throws {
        #expect(try names("Umsätze 2026 + Übersicht %.csv", .whole, [nil]) == ["Umsätze 2026 + Übersicht %.csv"])
        #expect(try names("report.csv.gz", .whole, [nil]) == ["report.csv.gz"])
    }

    @Test(
        "a gzip loses its suffix, but never all of its name",
        arguments: [
            ("a.csv.gz", "a.csv"), ("a.csv.GZ", "a.csv"), ("a.csv", "a.csv"), (".gz", ".gz"), ("x/.gz", "x/.gz"), ("x/b.gz", "x/b"),
            ("a.csv.gzip", "a.csv"), ("a.tgz", "a.tar"), ("x/a.TGZ", "x/a.tar"), ("a.svgz", "a.svg"), (".tgz", ".tgz"), ("a.gz.gz", "a.gz"),
            ("a.zip", "a.zip"), ("tgz", "tgz"),
        ])
    func gzip(file: String, expected: String) throws {
        #expect(try names(file, .unpacked, [nil]) == [expected])
    }

    @Test("a zip's entries are in a folder with its name")
    func zip() throws {
        #expect(try names("orders.zip", .folder, ["a.csv", "sub/./b c.csv"]) == ["orders/a.csv", "orders/sub/b c.csv"])
        #expect(try names("download", .folder, ["a.csv"]) == ["download/a.csv"])
    }

    @Test("a repeated entry gets a number that no other entry has")
    func duplicates() throws {
        let entries = ["a.csv", "a.csv", "a~2.csv", "a.csv", "./a.csv", "d/noext", "d/noext", "d.x/noext", "d.x/noext"]
        let expected = ["a.csv", "a~2.csv", "a~2~2.csv", "a~3.csv", "a~4.csv", "d/noext", "d/noext~2", "d.x/noext", "d.x/noext~2"]
        let found = try names("z.zip", .folder, entries)
        #expect(found == expected.map { "z/" + $0 })
        #expect(Set(found).count == found.count)
    }

    @Test("names outside the job's folder are rejected", arguments: ["../x", "a/../../x", "/etc/passwd", "a//b", "c:\\x", "a\u{0}b", ""])
    func unsafe(path: String) throws {
        var zip = try ObjectNames(file: "z.zip", form: .folder)
        #expect(throws: SafePathError.self) { try zip.next(entry: path) }
        #expect(throws: SafePathError.self) { try ObjectNames(file: path, form: .whole) }
    }

    @Test(
        "no name replaces the job's own manifest, or another name that had to move",
        arguments: [
            ("manifest.json", ObjectNames.Form.whole, "_manifest.json"), ("_manifest.json", .whole, "__manifest.json"),
            ("manifest.json.gz", .unpacked, "_manifest.json"), ("x/manifest.json", .whole, "x/manifest.json"),
            ("manifest.json/a.csv", .whole, "_manifest.json/a.csv"), ("manifest.jsonl", .whole, "manifest.jsonl"),
        ])
    func reserved(file: String, form: ObjectNames.Form, expected: String) throws {
        #expect(try names(file, form, [nil]) == [expected])
    }

    @Test("a fresh link is the file's own, even if the list has several files of its name")
    func freshLink() {
        func listed(_ name: String, _ path: String) -> ListedFile { ListedFile(name: name, url: "https://x.example/\(path)?sig=2") }
        let file = FileTask(name: "1-download", url: "https://x.example/2/download?sig=1", listedName: "download")
        let files = [listed("other", "2/download"), listed("download", "1/download"), listed("download", "2/download")]
        #expect(file.found(in: files) == files[2])
        #expect(file.found(in: Array(files.prefix(2))) == files[1])
        #expect(file.found(in: [listed("download", "3/download"), listed("download", "4/download")]) == nil)
        #expect(file.found(in: [files[0]]) == nil)
    }

    @Test("the source of an object shows neither signature nor password")
    func source() {
        #expect(FileTransfer.withoutSecrets("https://u:p@h.example/a%20b?sig=1#x") == "https://h.example/a%20b")
        #expect(FileTransfer.withoutSecrets("http://h.example") == "http://h.example")
    }
}
