import ExportCore
import Foundation
import JobStore
import Testing

@testable import Worker

@Suite("The manifest")
struct ManifestEncoderTests {
    private func manifest(_ objects: [StoredObject]) throws -> [UInt8] {
        let id = try #require(JobID("job-1"))
        let request = JobRequest(
            id: id, provider: "acme", parameters: #"{"report":"a \"b\"","days":[1,2]}"#, correlationID: "c \"1\" \u{1}")
        let job = Job(
            request: request, state: JobState(status: .processing, filesTotal: 2), createdAt: 1_772_323_199_999)
        var encoder = ManifestEncoder()
        return encoder.head(job, location: "s3://b/p") + objects.flatMap { encoder.object($0) } + encoder.tail()
    }

    @Test("is JSON with the stored objects, whatever characters the names contain")
    func content() throws {
        let name = "a \"b\" \\ é\u{1F}\n.csv"
        let object = StoredObject(name: name, source: "https://x.example/a", bytes: 12, sha256: "ab", key: "k")
        let json = try JSONSerialization.jsonObject(with: Data(manifest([object, object]))) as? [String: Any]
        let manifest = try #require(json)
        #expect(manifest["exportJobId"] as? String == "job-1")
        #expect(manifest["correlationId"] as? String == "c \"1\" \u{1}")
        #expect((manifest["parameters"] as? [String: Any])?["report"] as? String == #"a "b""#)
        #expect(manifest["createdAt"] as? String == "2026-02-28T23:59:59.999Z")
        #expect(manifest["location"] as? String == "s3://b/p")
        #expect(manifest["files"] as? Int == 2)
        let objects = try #require(manifest["objects"] as? [[String: Any]])
        #expect(objects.count == 2)
        #expect(objects[1]["name"] as? String == name)
        #expect(objects[1]["bytes"] as? Int == 12)
        #expect(objects[1]["key"] as? String == "k")
    }

    @Test("of a job without files is complete too")
    func empty() throws {
        let json = try JSONSerialization.jsonObject(with: Data(manifest([]))) as? [String: Any]
        #expect((try #require(json)["objects"] as? [Any])?.isEmpty == true)
    }
}
