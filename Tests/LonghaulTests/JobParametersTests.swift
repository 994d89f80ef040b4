import ProviderAPI
import Testing

@testable import longhaul

@Suite("The parameters of a job on the command line") struct JobParametersTests {
    @Test(
        "are JSON where they can be, and text otherwise",
        arguments: [
            ("day=2026-11-24", #"{"day":"2026-11-24"}"#), ("n=7", #"{"n":7}"#), ("n=007", #"{"n":"007"}"#), ("n=", #"{"n":""}"#),
            ("n=12345678901234567890123", #"{"n":12345678901234567890123}"#), ("n=1.10", #"{"n":1.10}"#), ("n=1e999", #"{"n":"1e999"}"#),
            (#"list=[1, {"b": 2, "a": null}]"#, #"{"list":[1,{"a":null,"b":2}]}"#), (#"text="a b""#, #"{"text":"a b"}"#),
            (#"quote=say "a""#, #"{"quote":"say \"a\""}"#), ("a=b=c", #"{"a":"b=c"}"#), ("yes=true", #"{"yes":true}"#),
        ])
    func pair(pair: String, json: String) throws { #expect(try JobParameters(object: nil, pairs: [pair]).json() == json) }

    @Test("are those of the object, over which single ones count") func both() throws {
        let object = #"{ "b": 1.0, "a": {"z": 1, "y": "\u00e4"} }"#
        #expect(try JobParameters(object: object, pairs: []).json() == #"{"a":{"y":"\u00e4","z":1},"b":1.0}"#)
        #expect(try JobParameters(object: object, pairs: ["b=x", "c=2"]).json() == #"{"a":{"y":"\u00e4","z":1},"b":"x","c":2}"#)
        #expect(try JobParameters(object: nil, pairs: []).json() == "{}")
    }

    @Test("are refused if they are no object or have no name", arguments: ["[1]", "7", "", "{", #"{"a":1e999}"#, "null"])
    func invalid(object: String) {
        #expect(throws: Problem.self) { try JobParameters(object: object, pairs: []).json() }
        #expect(throws: Problem.self) { try JobParameters(object: nil, pairs: ["=\(object)"]).json() }
        #expect(throws: Problem.self, "twice") { try JobParameters(object: nil, pairs: ["a=1", "a=\(object)"]).json() }
    }

    @Test("are text where the provider says so, although they look like numbers") func text() throws {
        let schema = try #require(
            ParameterSchema(
                json: #"{"properties":{"year":{"type":"string"},"code":{"enum":["1","2"]},"count":{"type":"integer"},"any":{}}}"#))
        let pairs = ["year=2026", "code=1", "count=3", "any=4", "free=true"]
        #expect(
            try JobParameters(object: nil, pairs: pairs, schema: schema).json()
                == #"{"any":4,"code":"1","count":3,"free":true,"year":"2026"}"#)
        #expect(try JobParameters(object: nil, pairs: [#"year="2026""#], schema: schema).json() == #"{"year":"2026"}"#)
    }
}
