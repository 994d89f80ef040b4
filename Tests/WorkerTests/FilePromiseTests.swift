import ProviderAPI
import Testing

@testable import Worker

private enum Wrong {
    static let page = "<!DOCTYPE html>\n<html><body>log in</body></html>"
    static let xml = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code></Error>"
}

@Suite("What a download begins with")
struct FilePromiseTests {
    private func code(
        _ name: String, _ body: String, _ type: String?, _ rules: DownloadRules = DownloadRules(), wasDecoded: Bool = false
    ) -> String? {
        FilePromise(name: name, rules: rules, wasDecoded: wasDecoded).problem(Array(body.utf8), type: type)?.code
    }

    @Test(
        "is a page in place of any file that is not HTML", arguments: ["a.csv", "a.csv.gz", "a.zip", "a.json", "a.xml", "a.pdf", "x/b.txt"])
    func page(name: String) {
        for body in [Wrong.page, "\u{FEFF} \r\n<HTML lang=\"en\">", "<html>"] {
            #expect(code(name, body, nil) == "not-the-file")
            #expect(code(name, body, "text/csv") == "not-the-file")
        }
    }

    @Test(
        "is a page that begins with one of its parts, or that another encoding hides",
        arguments: ["<head><title>Log in</title>", "<script>location='/login'</script>", " <META charset=\"utf-8\">", Wrong.page])
    func partOfPage(body: String) {
        #expect(code("a.csv", body, "text/csv") == "not-the-file")
        for isLittle in [true, false] {
            let units = body.utf16.flatMap { isLittle ? [UInt8($0 & 255), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 255)] }
            let promise = FilePromise(name: "a.csv", rules: DownloadRules())
            #expect(promise.problem((isLittle ? [0xFF, 0xFE] : [0xFE, 0xFF]) + units, type: "text/csv")?.code == "not-the-file")
            if body.first == "<" { #expect(promise.problem(units, type: nil)?.code == "not-the-file", "without a mark") }
        }
    }

    @Test("is a page behind a comment longer than what is looked at, or any markup that its type calls a page") func hiddenPage() {
        #expect(code("a.csv", "<!-- " + String(repeating: "x", count: 9000), nil) == "not-the-file")
        #expect(code("a.csv", "<div>Log in</div>", "text/html") == "not-the-file")
        #expect(code("a.txt", "<div>Log in</div>", "text/html") == "not-the-file")
        #expect(code("a.csv", "<div>,<id>", "text/csv") == nil)
    }

    @Test("is an error document by its type, whatever it begins with and whatever its name", arguments: ["a.csv", "a.json", "download"])
    func problemDocument(name: String) {
        for body in ["\"gone\"", "error: gone", "{\"title\":\"gone\"}"] {
            #expect(code(name, body, "application/problem+json; charset=utf-8") == "not-the-file")
        }
    }

    @Test(
        "is an XML error document in place of another format",
        arguments: ["a.csv", "a.json", "a.parquet", "a.xlsx", "a.zip", "a.gz", "a.ndjson.gz", "a.pdf"])
    func xml(name: String) {
        #expect(code(name, Wrong.xml, "application/xml") == "not-the-file")
        #expect(code(name, Wrong.xml, "application/octet-stream") == "not-the-file")
        #expect(code(name, "<Error><Code>x</Code></Error>", "text/xml; charset=utf-8") == "not-the-file")
        #expect(code(name, "<fault>x</fault>", "application/soap+xml") == "not-the-file")
    }

    @Test("is a JSON error document in place of another format if its type says so", arguments: ["a.csv", "a.zip", "a.xml", "a.csv.gz"])
    func json(name: String) {
        for type in ["application/json", "application/problem+json; charset=utf-8"] {
            #expect(code(name, "{\"error\":\"rate limit\"}", type) == "not-the-file")
            #expect(code(name, " [{\"error\":1}]", type) == "not-the-file")
        }
        #expect(code(name, "{\"error\":\"x\"}", "text/csv") == nil)
    }

    @Test("is XML in place of text only if its type says so") func text() {
        #expect(code("a.txt", Wrong.xml, "application/xml") == "not-the-file")
        #expect(code("a.txt", Wrong.xml, nil) == nil)
    }

    @Test("is JSON in place of a binary format, whatever its type says") func binary() {
        #expect(code("a.parquet", "{\"error\":1}", "application/octet-stream") == "not-the-file")
    }

    @Test(
        "is the file",
        arguments: [
            ("a.csv", "id,name\n", "text/html"), ("a.csv", "", nil), ("a.csv", "<b>,c\n", "text/csv"), ("a.html", Wrong.page, "text/html"),
            ("a.htm.gz", Wrong.page, nil), ("a.xml", Wrong.xml, nil), ("a.xml.gz", Wrong.xml, "text/xml"),
            ("a.json", "[1]", "application/json"),
            ("a.ndjson", "{}", "application/json"), ("a.txt", Wrong.xml, "text/plain"), ("a", Wrong.xml, "application/xml"),
            ("a", "{}", "application/json"), ("a", Wrong.page, "application/octet-stream"), ("a.php", Wrong.xml, nil),
            ("a.xls", Wrong.page, "application/vnd.ms-excel"), ("a.xls", Wrong.xml, "application/vnd.ms-excel; charset=utf-8"),
            ("a.svg", "<svg xmlns=\"x\">", "image/svg+xml"), ("a.csv", "[1],2\n", "text/csv"),
        ] as [(String, String, String?)])
    func file(name: String, body: String, type: String?) {
        #expect(code(name, body, type) == nil)
    }

    @Test("is still a page when the name promises nothing and the type says so") func unnamed() {
        #expect(code("download", Wrong.page, "text/html; charset=utf-8") == "not-the-file")
        #expect(code("export.php", Wrong.page, "text/html") == "not-the-file")
    }

    @Test("is not what a rule for unpacking needs") func unpack() {
        #expect(code("download", Wrong.xml, nil, DownloadRules(unpack: .zip)) == "not-the-file")
        #expect(code("download", Wrong.page, nil, DownloadRules(unpack: .gzip)) == "not-the-file")
    }

    @Test("may be anything if the packing that name or rule promise was the content coding") func decoded() {
        for body in [Wrong.xml, "{\"id\":1}"] {
            for type in ["application/json", "application/xml", "application/octet-stream"] {
                #expect(code("download", body, type, DownloadRules(unpack: .gzip), wasDecoded: true) == nil)
                #expect(code("events.gz", body, type, wasDecoded: true) == nil)
                #expect(code("events.zst", body, type, wasDecoded: true) == nil)
            }
            #expect(code("events.gz", body, body == Wrong.xml ? nil : "application/json") == "not-the-file")
        }
        #expect(code("events.csv.gz", Wrong.xml, nil, wasDecoded: true) == "not-the-file", "the name below still promises")
        #expect(code("events.zip", Wrong.xml, nil, wasDecoded: true) == "not-the-file", "no coding is a zip")
        #expect(code("download", Wrong.xml, nil, DownloadRules(unpack: .zip), wasDecoded: true) == "not-the-file")
        #expect(code("events.gz", Wrong.page, "text/html", wasDecoded: true) == "not-the-file")
    }

    @Test("is a workbook of an old program, whatever its type says, unless that says page", arguments: ["application/octet-stream", nil])
    func oldWorkbook(type: String?) {
        for body in [Wrong.page, Wrong.xml] { #expect(code("a.xls", body, type) == nil) }
        #expect(code("a.xls", Wrong.page, "text/html") == "not-the-file")
        #expect(code("a.xls", "{\"error\":1}", type) == "not-the-file")
    }

    @Test("is a tar whose first entry has a name like JSON") func tar() {
        for name in ["a.tar", "a.tgz"] {
            #expect(code(name, "[2026] report.csv", "application/x-tar") == nil)
            #expect(code(name, "{\"error\":1}", "application/json") == "not-the-file")
            #expect(code(name, Wrong.xml, nil) == "not-the-file")
        }
    }

    @Test(
        "is XML, not a page, that only mentions HTML",
        arguments: [
            "<?xml version=\"1.0\"?><repos><html_url>x</html_url></repos>", "<?xml version=\"1.0\"?>\n<mail><htmlBody/></mail>",
            "<?xml version=\"1.0\"?><feed><content type=\"xhtml\"><html>x</html></content></feed>",
            "<?xml version=\"1.0\"?><!-- <html> --><a/>", "<html_url>x</html_url>",
        ])
    func mention(body: String) { #expect(code("a.xml", body, "application/xml") == nil) }

    @Test(
        "is a page behind an XML declaration and comments",
        arguments: [
            "<?xml version=\"1.0\"?>\n<!-- saved -->\n<!DOCTYPE html PUBLIC \"x\">", "<?xml version=\"1.0\"?><html xmlns=\"x\">",
            "<!-- a --><!-- b --> <HTML>", "<html\tlang=\"en\">",
        ])
    func prolog(body: String) { #expect(code("a.xml", body, nil) == "not-the-file") }

    @Test("is a table whose first column is called like an error") func errorColumn() {
        #expect(code("a.csv", "<error_code>,<id>\n", "text/csv") == nil)
        #expect(code("a.csv", "<Error xmlns=\"x\">", "text/csv") == "not-the-file")
        #expect(code("a.csv", "<ErrorResponse>", nil) == "not-the-file")
    }

    @Test("is judged by its type alone if the provider file names types") func expected() {
        var rules = DownloadRules()
        rules.expectedTypes = ["text/csv", "Application/*"]
        #expect(code("a.csv", Wrong.page, "text/csv; charset=utf-8", rules) == nil)
        #expect(code("a.csv", Wrong.xml, "application/xml", rules) == nil)
        #expect(code("a.csv", "a,b", "text/plain", rules) == "unexpected-type")
        #expect(code("a.csv", "a,b", nil, rules) == "unexpected-type")
        rules.expectedTypes = ["*/*"]
        #expect(code("a.csv", Wrong.page, "text/html", rules) == nil)
    }
}
