import ExportCore
import HTTPClient
import Synchronization
import TestServers
import Testing

@testable import ProviderAPI

/// An API that tells of several exports at once; `answer` makes the body of such an answer of the ids that were asked for.
@Suite("One request for several exports") struct BatchCheckTests {
    private static let batch = """
          batch:
            request: GET /exports
            query: { ids: '{{ .ids | join(",") }}' }
            items: .response.body.exports
            id: .item.id
            size: 10
        """

    private func file(_ url: String, _ batch: String = Self.batch) -> String {
        """
        provider: acme
        baseURL: \(url)
        create: { request: POST /exports, export: { id: .response.body.id } }
        status:
          request: GET /exports/{{ .export.id }}
          state: .response.body.status
          states: { running: RUNNING, ready: DONE, failed: BAD }
          progress: .response.body.percent
        \(batch)
        files: { request: "GET /exports/{{ .export.id }}/files", items: ".response.body.files" }
        """
    }

    private func check(
        _ ids: [String], _ batch: String = Self.batch, answer: @escaping @Sendable ([String]) -> StubResponse
    ) async throws -> (answers: [BatchAnswer], targets: [String]) {
        let targets = Targets()
        let provider = try await TestProvider(file("BASE", batch)) { request in
            targets.list.withLock { $0.append(request.target) }
            let query = request.target.split(separator: "ids=").dropFirst().first.map(String.init) ?? ""
            return answer(query.replacing("%2C", with: ",").split(separator: ",").map(String.init))
        }
        // What begins with a brace stands for itself.
        let handles = ids.map { $0.hasPrefix("{") ? $0 : #"{"id":"\#($0)"}"# }
        let answers = await provider.client.checkTogether(handles.map { (job: provider.job, exportHandle: $0) })
        return (answers, targets.list.withLock { $0 })
    }

    private final class Targets: Sendable { let list = Mutex<[String]>([]) }

    @Test("asks once, and reads each item as the body of an answer") func together() async throws {
        let (answers, targets) = try await check(["a", "b", "c"]) { ids in
            #expect(ids == ["a", "b", "c"])
            return .json(
                #"{"exports":[{"id":"c","status":"DONE"},{"id":"a","status":"RUNNING","percent":40},{"id":"b","status":"BAD"},{"id":"z","status":"DONE"}]}"#
            )
        }
        #expect(targets.count == 1)
        let answer = try #require(answers.first)
        #expect(answers.count == 1 && answer.missing == [] && answer.failure == nil && answer.wasAsked)
        let outcomes = Dictionary(uniqueKeysWithValues: answer.answers.map { ($0.index, $0.outcome) })
        #expect(outcomes[0] == .running(progress: 0.4, retryAfter: nil))
        #expect(outcomes[1] == .failed(code: "export-failed", message: "the provider reports the export as BAD"))
        #expect(outcomes[2] == .ready(exportHandle: nil, page: nil))
    }

    @Test("does not fail the others because of an export whose handle cannot be read") func handle() async throws {
        let (answers, targets) = try await check(["a", "{no JSON"]) { _ in .json(#"{"exports":[{"id":"a","status":"DONE"}]}"#) }
        let outcomes = Dictionary(uniqueKeysWithValues: answers.flatMap(\.answers).map { ($0.index, $0.outcome) })
        #expect(targets.count == 1)
        #expect(outcomes[0] == .ready(exportHandle: nil, page: nil))
        guard case .failure(let failure) = outcomes[1] else {
            Issue.record("\(String(describing: outcomes[1]))")
            return
        }
        #expect(failure.code == "invalid-handle")
    }

    @Test("leaves to single checks what the answer does not have") func missing() async throws {
        let (answers, _) = try await check(["a", "b"]) { _ in .json(#"{"exports":[{"id":"b","status":"DONE"},{"status":"DONE"},null]}"#) }
        #expect(answers.first?.missing == [0])
        #expect(answers.first?.answers.map(\.index) == [1])
    }

    @Test("may read other fields in its items than the status does") func otherFields() async throws {
        let batch = """
              batch:
                request: POST /search
                json: { query: "{ all }", ids: "{{ .ids }}" }
                items: ".response.body.data[]"
                id: .item.node.key
                state: .item.node.phase
                states: { running: [going], ready: [over] }
                progress: .item.node.done
            """
        let (answers, targets) = try await check(["7"], batch) { _ in
            .json(#"{"data":[{"node":{"key":7,"phase":"going","done":12}}]}"#)
        }
        #expect(targets == ["/search"])
        #expect(answers.first?.answers.first?.outcome == .running(progress: 0.12, retryAfter: nil))
    }

    @Test(
        "that is refused as wrong is asked for one by one; one that fails for all is not",
        arguments: [(400, true), (503, false), (429, false)])
    func refused(status: Int, isAskedAlone: Bool) async throws {
        let (answers, _) = try await check(["a", "b"]) { _ in .json(#"{"error":"no"}"#, status: status) }
        let answer = try #require(answers.first)
        #expect(answer.missing == (isAskedAlone ? [0, 1] : []))
        #expect((answer.failure == nil) == isAskedAlone)
        #expect(answer.answers.count == (isAskedAlone ? 0 : 2))
    }

    @Test(
        "is refused in a file where it cannot work",
        arguments: [
            ("request: GET /x\n    items: .response.body", "batch.id"), ("request: GET /x\n    id: .item.id", "batch.items"),
            ("request: GET /{{ .job.id }}\n    items: .response.body\n    id: .item.id", "batch.request"),
            ("request: GET /x\n    items: .response.body\n    id: .item.id\n    size: 1", "batch.size"),
        ])
    func problems(batch: String, field: String) async {
        let yaml = file("https://api.example.com", "  batch:\n    \(batch)")
        let problems = await TestProvider.problems(yaml)
        #expect(problems.count == 1 && problems.first?.field.hasSuffix(field) == true, "\(problems)")
    }
}
