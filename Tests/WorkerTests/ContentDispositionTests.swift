import Testing

@testable import Worker

@Suite("A Content-Disposition")
struct ContentDispositionTests {
    @Test(
        "names the file",
        arguments: [
            ("attachment; filename=report.csv", "report.csv"), ("attachment; filename=\"my report.csv\"", "my report.csv"),
            ("attachment;FileName = \"a.csv\" ; size=3", "a.csv"), ("attachment; filename=my report.csv; x=1", "my report.csv"),
            ("attachment; filename=\"a;b=c.csv\"", "a;b=c.csv"), (#"attachment; filename="a\"b\".csv""#, #"a"b".csv"#),
            ("attachment; filename=\"x.csv\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.csv", "naïve €.csv"),
            ("attachment; filename*=utf-8'en'a%2Bb.csv; filename=x", "a+b.csv"),
            ("attachment; filename*=ISO-8859-1''%FCber.csv", "über.csv"),
            ("attachment; filename=\"na%C3%AFve.csv\"", "naïve.csv"), ("attachment; filename=\"100%.csv\"", "100%.csv"),
            ("attachment; filename=\"über.csv\"", "über.csv"), ("inline; filename=a.csv", "a.csv"),
            ("attachment; filename*=KOI8-R''%C1.csv; filename=a.csv", "a.csv"), ("; filename=\"  a.csv \r\n\"", "a.csv"),
        ])
    func named(field: String, expected: String) {
        #expect(ContentDisposition.fileName(field) == expected)
    }

    @Test(
        "is no way out of the job's folder",
        arguments: [
            ("attachment; filename=\"../../etc/passwd\"", "passwd"), (#"attachment; filename="C:\\temp\\a.csv""#, "a.csv"),
            (#"attachment; filename="C:\temp\a.csv""#, "a.csv"), ("attachment; filename=\"/a.csv\"", "a.csv"),
            ("attachment; filename*=UTF-8''..%2F..%2Fa%00b.csv", "a_b.csv"),
        ])
    func untrusted(field: String, expected: String) {
        #expect(ContentDisposition.fileName(field) == expected)
    }

    @Test(
        "may name nothing",
        arguments: ["", "attachment", "attachment; filename=", "attachment; filename=\"..\"", "filename=a", "a; filename=\"x/\""])
    func nothing(field: String) {
        #expect(ContentDisposition.fileName(field) == nil)
    }
}
