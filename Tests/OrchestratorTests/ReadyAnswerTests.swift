import ExportCore
import JobStore
import Synchronization
import TestServers
import Testing

extension OrchestratorSuites {
    @Suite("lists the files of a ready export") struct ReadyAnswerTests {
        private static let items = #"files: { items: '.response.body.files[]? | select(.url) | {name, url}' }"#
        private static let polling = "polling: { policy: fixed, interval: 50ms }"
        private static let done = StubResponse.json(
            #"{"status":"DONE","files":[{"name":"a.csv","url":"/a.csv"},{"name":"b.csv","url":"/b.csv"}]}"#)
        private static let empty = StubResponse.json(#"{"status":"DONE","files":[{"name":"a.csv","url":null}]}"#)

        @Test("from the answer that made it ready, which may be given only once") func once() async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? Self.done : nil }
            try await OrchestratorFixture.run(file: api.file(replacing: Self.items, Self.polling)) { fixture in
                try await fixture.withOrchestrator { _ in
                    let ids = try await fixture.submit(fixture.names(10))
                    try await fixture.reach(.processing, jobs: ids)
                    #expect(api.count(.status) == 10, "one request for each job, not two")
                    for id in ids { #expect(try await fixture.job(id).state.filesTotal == 2) }
                    #expect(try await fixture.redis.send(["HEXISTS", .string("{lh:00}:job:job-0"), "readyPage"]).int != 1, "nothing stays")
                }
            }
        }

        @Test("from that answer also after the process died before the files were stored") func crash() async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? .json("{}", status: 410) : nil }
            try await OrchestratorFixture.run(file: api.file(replacing: Self.items, Self.polling)) { fixture in
                let id = try await fixture.polling(of: "job-0")
                let machine = JobMachine(rules: JobRules(lease: .milliseconds(1)))
                let page = #"{"files":[{"name":"a.csv","url":"http://127.0.0.1:9/a.csv","isNamed":true}]}"#
                let decision = try machine.decide(.ready, in: id.state, random: 0).unwrapped("decision")
                let change = JobChange(id, decision, isCheck: true, readyPage: page)
                _ = try await fixture.store.apply([change])[0].get()
                try await fixture.withOrchestrator { _ in
                    try await fixture.reach(.processing, jobs: [id.id])
                    #expect(try await fixture.job(id.id).state.filesTotal == 1)
                    #expect(api.count(.status) == 0)
                }
            }
        }

        @Test("when its links appear some time after it is called ready") func late() async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? Self.empty : nil }
            try await OrchestratorFixture.run(file: api.file(replacing: Self.items, Self.polling, "retry: { base: 20ms, cap: 100ms }")) {
                fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await eventually(within: OrchestratorFixture.deadline, "several listings") { api.count(.status) > 4 }
                    #expect(try await fixture.job(id).state.status == .ready)
                    api.change { step, _ in step == .status ? Self.done : nil }
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(try await fixture.job(id).state.filesTotal == 2)
                }
            }
        }

        @Test("once each when a link of a later page appears late") func latePage() async throws {
            let first = StubResponse.json(#"{"files":[{"name":"a.csv","url":"/a.csv"},{"name":"b.csv","url":"/b.csv"}],"next":"2"}"#)
            let late = StubResponse.json(#"{"files":[{"name":"c.csv","url":null}]}"#)
            let there = StubResponse.json(#"{"files":[{"name":"c.csv","url":"/c.csv"}]}"#)
            let files = """
                files:
                  request: GET /exports/{{ .export.id }}/files
                  query: { page: "{{ .page // 1 }}" }
                  items: .response.body.files[]
                  next: .response.body.next
                """
            let lists = Mutex(0)
            let api = try ScriptedAPI { step, _ in
                guard step == .files else { return nil }
                return
                    switch lists.withLock({
                        $0 += 1; return $0
                    })
                {
                case 1: first
                case 2...4: late
                default: there
                }
            }
            try await OrchestratorFixture.run(file: api.file(replacing: files, Self.polling, "retry: { base: 20ms, cap: 100ms }")) {
                fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(try await fixture.job(id).state.filesTotal == 3)
                    #expect(api.count(.files) == 5, "the first page is not listed again")
                }
            }
        }

        @Test("from that answer also if it lists none and the provider file calls that right") func emptyOnce() async throws {
            let lists = Mutex(0)
            let api = try ScriptedAPI { step, _ in
                guard step == .status else { return nil }
                return lists.withLock({
                    $0 += 1; return $0
                }) == 1 ? Self.empty : .json("{}", status: 410)
            }
            let items = Self.items.replacing("files: {", with: "files: { none: ok,")
            try await OrchestratorFixture.run(file: api.file(replacing: items, Self.polling)) { fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    try await fixture.reach(.processing, jobs: [id])
                    #expect(api.count(.status) == 1)
                }
            }
        }

        @Test("and fails with nothing-listed if there are none, unless the provider file calls that right", arguments: ["300ms", "ok"])
        func nothing(rule: String) async throws {
            let api = try ScriptedAPI { step, _ in step == .status ? Self.empty : nil }
            let items = Self.items.replacing("files: {", with: "files: { none: \(rule),")
            try await OrchestratorFixture.run(file: api.file(replacing: items, Self.polling, "retry: { base: 20ms, cap: 100ms }")) {
                fixture in
                try await fixture.withOrchestrator { _ in
                    let id = try await fixture.submit("a")
                    if rule == "ok" {
                        try await fixture.reach(.processing, jobs: [id])
                    } else {
                        let error = try await fixture.failure(of: id)
                        #expect(error.code == "nothing-listed")
                        #expect(error.message.contains("files: { none: ok }"))
                    }
                }
            }
        }
    }
}
