import Testing

@testable import Sandbox

@Suite("Faults: Content-Encoding")
struct CodingFaultTests {
    /// The codings that Python's zlib has to remove.
    private static let windowBits: [OddCoding: [Int]] = [
        .gzip: [31], .xGzip: [31], .upperCase: [31], .twice: [31, 31], .deflate: [15], .rawDeflate: [-15],
        .notCoded: [], .charset: [], .awsChunked: [],
    ]

    @Test("every odd coding is announced as configured and holds the file", arguments: FileCompression.allCases)
    func everyForm(compression: FileCompression) async throws {
        let forms = OddCoding.allCases
        try await RunningSandbox.with { sandbox in
            let order = """
                {"files": 1, "bytesPerFile": 150000, "compression": "\(compression.rawValue)", "faults": {"oddCoding": \(forms.count)}}
                """
            let (_, files) = try await sandbox.readyExport(order)
            var answers: [RawHTTP.Response] = []
            for _ in forms { answers.append(try await sandbox.http.get(files[0].target)) }
            let plain = try await sandbox.http.get(files[0].target)
            #expect(plain.headers["content-encoding"] == nil && plain.body.count == files[0].bytes)
            // The forms follow each other, and the name of this one is unique.
            let known = try #require(answers.firstIndex { $0.headers["content-encoding"] == "x-gzip" })
            let first = try #require(forms.firstIndex(of: .xGzip)) - known + forms.count
            for (offset, answer) in answers.enumerated() {
                let form = forms[(first + offset) % forms.count]
                #expect(answer.status == 200 && answer.isWhole)
                #expect(answer.headers["content-encoding"] == form.header, "\(form)")
                let bits = try #require(Self.windowBits[form])
                #expect(try Unpacked.decoded(answer.body, windowBits: bits) == plain.body, "\(form)")
            }
        }
    }

    @Test("a coded file without bytes is one")
    func emptyFile() throws {
        for (form, bits) in Self.windowBits {
            #expect(try Unpacked.decoded(form.body([]), windowBits: bits).isEmpty, "\(form)")
        }
    }

    @Test("a coded file comes whole, whatever range is requested")
    func range() async throws {
        try await RunningSandbox.with { sandbox in
            let (_, files) = try await sandbox.readyExport(#"{"files": 1, "bytesPerFile": 5000, "faults": ["oddCoding"]}"#)
            let answer = try await sandbox.http.send("GET", files[0].target, headers: ["Range": "bytes=100-"])
            #expect(answer.status == 200 && answer.isWhole && answer.headers["content-range"] == nil)
        }
    }
}
