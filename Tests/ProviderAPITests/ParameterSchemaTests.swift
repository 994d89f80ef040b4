import ExportCore
import ProviderAPI
import TestServers
import Testing

@Suite("The parameters of a provider's jobs")
struct ParameterSchemaTests {
    private static let yaml = """

        parameters:
          required: [report]
          additionalProperties: false
          properties:
            report: { type: string, enum: [orders, refunds], description: which report }
            day: { type: string, pattern: '^\\d{4}-\\d\\d-\\d\\d$' }
            limit: { type: integer, minimum: 1, maximum: 1000, default: 100 }
            ratio: { type: number, exclusiveMinimum: 0, exclusiveMaximum: 1 }
            columns: { type: array, items: { type: string, minLength: 1, maxLength: 5 } }
            flag: { type: [boolean, "null"] }
        """

    private static func schema(_ yaml: String = yaml) async throws -> ParameterSchema {
        let file = try ProviderSource(yaml: ProviderFileTests.least + yaml, file: "p.yaml")
        let client = try await ProviderClient.open(file, http: TestProvider.http, on: TestProvider.thread, secrets: .environment([:]))
        return try #require(client.definition.parameters)
    }

    @Test(
        "conform, or every reason is given",
        arguments: [
            (#"{"report":"orders"}"#, []),
            (#"{"report":"orders","day":"2026-11-30","limit":1000,"ratio":0.5,"columns":["a"],"flag":null}"#, []),
            (#"{"report":"orders","limit":3.0,"flag":true}"#, []), ("{}", ["parameters.report is missing (which report)"]),
            (#"{"report":"x"}"#, [#"parameters.report must be one of "orders", "refunds""#]),
            (#"{"report":"order"}"#, [#"parameters.report must be one of "orders", "refunds"; did you mean "orders"?"#]),
            (#"{"report":7}"#, ["parameters.report must be text, not a number"]),
            (#"{"report":"orders","day":"30.11."}"#, [#"parameters.day must match ^\d{4}-\d\d-\d\d$"#]),
            (#"{"report":"orders","limit":0}"#, ["parameters.limit must be at least 1"]),
            (#"{"report":"orders","limit":1.5}"#, ["parameters.limit must be a whole number, not a number"]),
            (#"{"report":"orders","limit":"5"}"#, ["parameters.limit must be a whole number, not text"]),
            (#"{"report":"orders","limit":12345678901234567890}"#, ["parameters.limit must be at most 1000"]),
            (#"{"report":"orders","ratio":1}"#, ["parameters.ratio must be less than 1"]),
            (
                #"{"report":"orders","columns":["","abcdef",1]}"#,
                [
                    "parameters.columns[0] must have 1 to 5 characters, not 0", "parameters.columns[1] must have 1 to 5 characters, not 6",
                    "parameters.columns[2] must be text, not a number",
                ]
            ),
            (#"{"report":"orders","flag":0}"#, ["parameters.flag must be true or false or null, not a number"]),
            (#"{"report":"orders","limt":5}"#, ["parameters.limt is unknown; did you mean limit?"]),
            (
                #"{"limt":5,"day":"x"}"#,
                [
                    "parameters.report is missing (which report)", #"parameters.day must match ^\d{4}-\d\d-\d\d$"#,
                    "parameters.limt is unknown; did you mean limit?",
                ]
            ),
            ("[]", ["parameters must be an object"]),
        ] as [(String, [String])])
    func problems(parameters: String, expected: [String]) async throws {
        #expect(try await Self.schema().problems(in: parameters).sorted() == expected.sorted())
    }

    @Test("are the same after the schema was stored, and can be listed") func stored() async throws {
        let schema = try await Self.schema()
        let read = try #require(ParameterSchema(json: schema.json))
        #expect(read == schema && read.problems(in: "{}") == ["parameters.report is missing (which report)"])
        #expect(read.parameters.map(\.name).contains("limit"))
        let limit = try #require(read.parameters.first { $0.name == "limit" })
        #expect(limit.type == "integer" && limit.standard == "100" && !limit.isRequired)
        #expect(ParameterSchema(json: #"{"type":"tuple"}"#) == nil && ParameterSchema(json: "[") == nil)
    }

    @Test("that a job leaves out have their defaults in requests") func defaults() async throws {
        let yaml = """
            provider: p
            baseURL: BASE
            create: { request: POST /x, json: { n: "{{ .parameters.limit }}", r: "{{ .parameters.report }}" }, export: { id: .response.body.id } }
            status: { request: "GET /x/{{ .export.id }}", state: .response.body.s, states: { ready: DONE } }
            files: { items: .response.body.files }
            """ + Self.yaml
        for (parameters, sent) in [
            (#"{"report":"orders"}"#, #"{"n":100,"r":"orders"}"#), (#"{"report":"orders","limit":5}"#, #"{"n":5,"r":"orders"}"#),
        ] {
            let provider = try await TestProvider(yaml, parameters: parameters) { _ in .json(#"{"id":"1"}"#) }
            _ = await provider.client.create(provider.job)
            #expect(provider.server.requests.first?.body == sent)
        }
    }

    @Test(
        "are described in JSON Schema, whose mistakes are reported",
        arguments: [
            ("properties: { a: { typ: string } }", "parameters.properties.a.typ: unknown keyword \"typ\"; did you mean \"type\"?"),
            ("properties: { a: { type: text } }", "parameters.properties.a.type: unknown type text; write one of string"),
            ("properties: { a: { pattern: '(' } }", "parameters.properties.a.pattern: not a regular expression"),
            ("properties: { a: {} }\n  required: [b]", "parameters.required: b is no property; add it to properties"),
            ("properties: { a: { minLength: -1 } }", "parameters.properties.a.minLength: not a count"),
            ("properties: [a]", "parameters.properties: not a mapping"), ("required: a", "parameters.required: not a list"),
        ])
    func mistakes(schema: String, expected: String) async {
        let problems = await TestProvider.problems(ProviderFileTests.least + "\nparameters:\n  \(schema)").map {
            "\($0.field): \($0.message); \($0.fix)"
        }
        #expect(problems.count == 1 && problems[0].hasPrefix(expected), "\(problems)")
    }
}
