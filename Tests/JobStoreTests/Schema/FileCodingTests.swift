import ExportCore
import Foundation
import Testing

@testable import JobStore

@Suite("Files and objects as they are kept") struct FileCodingTests {
    private static let names = ["a.csv", "a/b c.csv", "ä \"x\" \\ \u{1}.csv", ""]

    @Test("say the same to a whole decoder, and to ours", arguments: names) func files(name: String) throws {
        for (bytes, sha256, page) in [(nil, nil, nil), (0, "ab", "{\"url\":\"x\"}"), (Int64.max, "AB", "2")] as [(Int64?, String?, String?)]
        {
            let file = FileTask(
                name: name, url: "https://x.example/\(name)?a=1", bytes: bytes, sha256: sha256, page: page, listedName: name,
                namedBy: page == nil ? .listing : .url)
            #expect(try JSONDecoder().decode(FileTask.self, from: Data(file.json)) == file)
            #expect(try FileTask(stored: file.json, "test") == file)
            #expect(try FileTask(stored: Array(JSONEncoder().encode(file)), "test") == file)
        }
    }

    @Test("say the same of any number of objects", arguments: 0..<4) func objects(count: Int) throws {
        let objects = Self.names.prefix(count).map {
            StoredObject(
                name: $0, source: "https://x.example/\($0)", bytes: 7, sha256: "ab", key: "k/\($0)",
                listedName: $0.isEmpty ? nil : $0)
        }
        let json = StoredObject.json(objects)
        #expect(try JSONDecoder().decode([StoredObject].self, from: Data(json)) == objects)
        #expect(try StoredObject.stored(json, "test") == objects)
        #expect(try StoredObject.stored(Array(JSONEncoder().encode(objects)), "test") == objects)
    }

    @Test("are refused when they are broken") func broken() {
        #expect(throws: JobStoreError.self) { try FileTask(stored: Array(#"{"name":"a"}"#.utf8), "test") }
        #expect(throws: JobStoreError.self) { try StoredObject.stored(Array(#"[{"name":"a"}]"#.utf8), "test") }
    }
}
