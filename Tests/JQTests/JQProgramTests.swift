import JQ
import Testing

@Suite("Filters")
struct JQProgramTests {
    let jq = JQ()

    func outputs(_ filter: String, _ json: String) throws -> [String] {
        try jq.compile(filter).run(try JQValue(json: json)).map(\.json)
    }

    func failure(_ filter: String, _ json: String = "null") -> JQError? {
        do {
            _ = try outputs(filter, json)
            return nil
        } catch let error as JQError {
            return error
        } catch {
            Issue.record("an untyped error: \(error)")
            return nil
        }
    }

    @Test("a filter gives all of its outputs, in order")
    func allOutputs() throws {
        #expect(
            try outputs(".files[] | {name, size: .bytes}", #"{"files":[{"name":"a","bytes":1},{"name":"b","bytes":2}]}"#)
                == [#"{"name":"a","size":1}"#, #"{"name":"b","size":2}"#])
        #expect(try outputs("empty", "null") == [])
        #expect(try outputs("def double: . * 2; .[] | double", "[1,2]") == ["2", "4"])
    }

    @Test("only the first output is computed if it is enough", arguments: [".[]", "1, error(\"not reached\")", "range(.[0]; infinite)"])
    func firstOnly(filter: String) throws {
        let program = try jq.compile(filter)
        #expect(try program.first(JQValue(json: "[1,2]"))?.json == "1")
        #expect(try program.first(JQValue(json: "[1,2]"))?.json == "1")
    }

    @Test(
        "a plain path gives the same as libjq's interpreter",
        arguments: [
            (".", #"{"a":1}"#), (".a", #"{"a":1}"#), (".a.b", #"{"a":{"b":null}}"#), (".a.b.c", #"{"a":null}"#), (".a", "[1]"),
            (".a.b", #"{"a":"text"}"#), (".a[\"b-c\"].d", #"{"a":{"b-c":{"d":[1,2]}}}"#), (".[0].a", #"[{"a":true}]"#), (".[1]", "[1]"),
            (".[\"x\"]", #"{"x":3}"#), (".a[0]", #"{"a":{}}"#), ("  .a_1\n", #"{"a_1":"y"}"#), (".and.or", #"{"and":{"or":1}}"#),
        ])
    func plainPath(filter: String, json: String) throws {
        let interpreted = "(\(filter))"
        #expect((try? outputs(filter, json)) == (try? outputs(interpreted, json)))
        #expect(failure(filter, json)?.message == failure(interpreted, json)?.message)
    }

    @Test(
        "a filter that does not compile is reported with libjq's message and the line",
        arguments: [
            (".a |&| b", 1, "syntax error, unexpected INVALID_CHARACTER"), (".a\n| foo(1)\n", 2, "foo/1 is not defined"),
            (".a | (", 1, "syntax error, unexpected end of the filter"), ("\n\n$nothing", 3, "$nothing is not defined"),
            ("  ", 1, "the filter is empty"), (".a\0b", 1, "the filter contains a NUL"),
            ("import \"a\" as a; .", 1, "syntax error, unexpected import"),
        ])
    func compileErrors(filter: String, line: Int, message: String) {
        let error = failure(filter)
        #expect(error?.kind == .compile(line: line))
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "no error")")
        #expect(error?.filter == filter)
    }

    @Test("a runtime error has libjq's message, whatever was thrown")
    func runtimeErrors() {
        #expect(failure(".a.b", #"{"a":[1]}"#)?.message == "Cannot index array with string \"b\"")
        #expect(failure("error(\"no such report\")")?.message == "no such report")
        #expect(failure("error({code: 7})")?.message == #"{"code":7}"#)
        #expect(failure("1, error(\"late\")")?.kind == .runtime)
    }

    @Test(
        "halt, halt_error and input are errors, and the program runs again afterwards", arguments: ["halt", "halt_error", "halt_error(3)"])
    func haltAndInput(halt: String) throws {
        #expect(failure("\"stop\" | \(halt)")?.message == "a filter cannot halt the service")
        #expect(failure("input")?.message == "the filter has only one input")
        let program = try jq.compile("if . == 1 then \(halt) else . end")
        #expect(throws: JQError.self) { try program.run(JQValue(1)) }
        #expect(try program.run(JQValue(2)).map(\.json) == ["2"])
    }

    @Test("outputs are limited")
    func boundedOutputs() throws {
        let program = try jq.compile("repeat(1)")
        let error = #expect(throws: JQError.self) { try program.run(.null, limit: 10) }
        #expect(error?.kind == .tooManyOutputs)
        #expect(try jq.compile("range(10)").run(.null, limit: 10).count == 10)
    }

    @Test("a filter can access neither the environment nor modules", arguments: ["env", "$ENV", "[$ENV, env] | add"])
    func environment(filter: String) throws {
        #expect(try outputs(filter, "null") == ["{}"])
        #expect(failure("\"x\" | modulemeta")?.kind == .runtime)
    }

    @Test(
        "a filter that aborts or never ends in libjq 1.6 is an error instead",
        arguments: [
            "1e17 | todate", "-1e300 | todate", "infinite | strftime(\"%Y\")", "nan | todateiso8601", "1e300 | strflocaltime(\"%Y\")",
            "1e300 | gmtime", "1e300 | localtime", "1e300 | date", "\"abc\" | gsub(\"\"; \"b\")", "\"abc\" | gsub(\"^\"; \"b\")",
            "\"abc\" | gsub(\"x*\"; \"b\"; \"g\")",
        ])
    func guards(filter: String) {
        #expect(failure(filter)?.kind == .runtime)
    }

    @Test("the guarded functions still work")
    func guardedFunctions() throws {
        #expect(
            try outputs("todate, strftime(\"%Y\"), (gmtime | mktime)", "1700000000")
                == [#""2023-11-14T22:13:20Z""#, #""2023""#, "1700000000"])
        #expect(try outputs("gsub(\"[ab]\"; \"x\"), gsub(\"(?<l>[A-Z])\"; \"-\" + .l; \"i\")", #""abc""#) == [#""xxc""#, #""-a-b-c""#])
    }

    @Test("the same filter is compiled once")
    func cached() throws {
        #expect(try jq.compile(".a | tostring") === jq.compile(".a | tostring"))
    }
}
