import ProviderAPI
import TestServers
import Testing

@Suite("Data in a provider file")
struct DataPlanTests {
    @Test(
        "is named without a request",
        arguments: [
            ("as: csv, name: \"{{ .parameters.report }}-{{ .export.id }}.csv\"", "orders-7.csv"), ("as: csv", "data.csv"),
            ("as: ndjson", "data.ndjson"), ("as: json", "data.json"), ("as: text", "data.txt"), ("as: base64", "data.txt"),
        ])
    func names(keys: String, name: String) async throws {
        let provider = try await DataPageTests.provider("data: .response.body.v, query: { sig: abc }, \(keys)") { _ in .text("") }
        let file = try await provider.client.dataFile(provider.job, exportHandle: DataPageTests.handle)
        #expect(file == ListedFile(name: name, url: provider.server.url + "/r/7/rows"))
        #expect(provider.server.requests.isEmpty)
    }

    @Test("is known to the definition") func definition() async throws {
        let keys = "data: .response.body, as: csv, next: .response.body.n, join: true"
        let rules = try await DataPageTests.provider(keys) { _ in .text("") }.client.definition.data
        #expect(rules == DataRules(form: .csv, joins: true, isPaged: true, isBody: false))
        let body = try await DataPageTests.provider("data: body") { _ in .text("") }.client.definition.data
        #expect(body == DataRules(form: .text, joins: false, isPaged: false, isBody: true))
        let list = try await DataPageTests.provider("items: .response.body.f") { _ in .text("") }.client.definition.data
        #expect(list == nil)
    }

    @Test(
        "that cannot be right is reported",
        arguments: [
            ("data: .response.body.v, items: .response.body.w", "files.items: both data and items"),
            ("data: .response.body.v, join: true", "files.join: join without next"),
            ("data: body, as: base64", "files.as: the body is stored as it is served"),
            ("data: body, as: json", "files.as: the body is stored as it is served"),
            ("data: body, next: .response.body.next", "files.next: the body is the data and is not read"),
            ("data: .response.body.v, columns: [a]", "files.columns: columns are those of rows"),
            ("data: body, as: csv, columns: [a]", "files.columns: columns are those of rows"),
            ("data: .response.body.v, refresh: true", "files.refresh: refresh has no meaning beside data"),
            ("items: .response.body.f, name: a.csv", "files.name: name without data"),
            ("data: .response.body.v, as: xlsx", "files.as: unknown value \"xlsx\""),
        ])
    func problems(keys: String, problem: String) async {
        let yaml = ProviderFileTests.least.replacing("items: .response.body.files", with: "request: GET /rows, \(keys)")
        let problems = await TestProvider.problems(yaml)
        #expect(problems.count == 1 && "\(problems[0].field): \(problems[0].message)".hasPrefix(problem), "\(problems)")
    }
}
