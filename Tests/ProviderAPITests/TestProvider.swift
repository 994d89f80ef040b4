import EventThread
import ExportCore
import HTTPClient
import Logging
import ProviderAPI
import TestServers
import Testing

/// A provider file, a server that acts as its API, and the client between them.
struct TestProvider {
    let client: ProviderClient
    let server: StubServer
    let job: JobContext

    static let thread = EventThread(name: "provider-tests")
    static let http = HTTPClient(HTTPClientConfiguration(egress: .all), on: thread, logger: Logger(label: "tests"))

    /// `BASE` in the file is replaced with the server's URL.
    init(
        _ yaml: String, parameters: String = "{}", secrets: [String: String] = [:], callbacks: CallbackAddress? = nil,
        note: @escaping @Sendable (String) -> Void = { _ in },
        _ handler: @escaping @Sendable (StubRequest) -> StubResponse
    ) async throws {
        server = try StubServer(handler)
        let source = try ProviderSource(yaml: yaml.replacing("BASE", with: server.url), file: "test.yaml")
        client = try await ProviderClient.open(
            source, http: Self.http, on: Self.thread, secrets: .environment(secrets), callbacks: callbacks, note: note)
        let id = try #require(JobID("job-1"))
        job = JobContext(
            JobRequest(id: id, provider: source.name, parameters: parameters, tenant: "t1", correlationID: "corr-1"), attempt: 2)
    }

    static func problems(_ yaml: String) async -> [ProviderFileProblem] {
        do throws(ProviderFileError) {
            return await ProviderClient.problems(of: try ProviderSource(yaml: yaml, file: "test.yaml"), on: thread).filter { !$0.isAdvice }
        } catch {
            return error.problems
        }
    }

    static func problems(in folder: String) async -> [ProviderFileProblem] { await ProviderFolder.check([folder], on: thread).problems }

    static func advice(_ yaml: String) async throws -> [ProviderFileProblem] {
        await ProviderClient.problems(of: try ProviderSource(yaml: yaml, file: "test.yaml"), on: thread).filter(\.isAdvice)
    }

    static func open(_ yaml: String, secrets: SecretSource) async throws -> ProviderClient {
        try await ProviderClient.open(try ProviderSource(yaml: yaml, file: "test.yaml"), http: http, on: thread, secrets: secrets)
    }

    func body(_ stream: HTTPStream) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await stream.next() { bytes += chunk }
        return bytes
    }
}
