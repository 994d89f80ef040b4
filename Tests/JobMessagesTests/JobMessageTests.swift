import ExportCore
import JobMessages
import RabbitMQ
import Testing

private func problem(_ text: String) -> JobMessageError? {
    do {
        _ = try JobMessage.decode(Array(text.utf8))
        return nil
    } catch { return error }
}

@Suite("A job message") struct JobMessageTests {
    @Test("needs a provider and nothing else") func minimal() throws {
        let request = try JobMessage.decode(Array(#"{"provider":"acme"}"#.utf8))
        #expect(request == JobRequest(id: request.id, provider: "acme"))
        #expect((request.parameters, request.tenant, request.priority) == ("{}", "default", .normal))
        let other = try JobMessage.decode(Array(#"{"provider":"acme"}"#.utf8))
        #expect(request.id != other.id, "each gets an id of its own")
    }

    @Test("takes from its envelope what its body does not say") func envelope() throws {
        let id = try #require(JobID("a-1"))
        let envelope = JobMessage.Envelope(id: id, priority: .low, correlationID: "c", traceparent: "00-1-2-01")
        let request = try JobMessage.decode(Array(#"{"provider":"acme"}"#.utf8), envelope)
        #expect(request == JobRequest(id: id, provider: "acme", priority: .low, correlationID: "c", traceparent: "00-1-2-01"))
        let named = try JobMessage.decode(Array(#"{"provider":"acme","exportJobId":"b","priority":"high"}"#.utf8), envelope)
        #expect((named.id.text, named.priority) == ("b", .high))
    }

    @Test("keeps everything that it says") func complete() throws {
        let text = """
            {"exportJobId":"a-1","provider":"acme","parameters":{"b":[1,2.5,"x"],"a":{"/":"ü"}},"priority":"high","tenant":"t",
             "correlationId":"c","webhook":"https://example.org/hook","later":"unknown members pass"}
            """
        let request = try JobMessage.decode(Array(text.utf8))
        #expect(request.id == JobID("a-1"))
        #expect(request.priority == .high)
        #expect(request.parameters == #"{"b":[1,2.5,"x"],"a":{"/":"ü"}}"#)
        #expect(try JobMessage.decode(JobMessage.encode(request)) == request)
    }

    @Test(
        "keeps its parameters as they were written, but for spaces",
        arguments: [
            (#"{ "provider" : "p" , "parameters" : { "b" : [ 1 , { } ] , "a" : "x y" } }"#, #"{"b":[1,{}],"a":"x y"}"#),
            (
                #"{"parameters":{"id":123456789012345678901234567890,"x":1.10},"provider":"p"}"#,
                #"{"id":123456789012345678901234567890,"x":1.10}"#
            ),
            (#"{"provider":"p","parameters":{"a":"\u00e4 \" } ] , \\","b":"\n"}}"#, #"{"a":"\u00e4 \" } ] , \\","b":"\n"}"#),
            (#"{"more":{"parameters":{"a":1}},"provider":"p","parameters":{"a":2}}"#, #"{"a":2}"#),
            (#"{"\u0070arameters":{"b": 1,"a":2},"provider":"p"}"#, #"{"a":2,"b":1}"#),
            (#"{"provider":"p","parameters":null}"#, "{}"), (#"{"provider":"p","parameters":{ }}"#, "{}"),
        ])
    func parameters(text: String, expected: String) throws {
        #expect(try JobMessage.decode(Array(text.utf8)).parameters == expected)
    }

    @Test("that is not JSON, or no object, is refused", arguments: ["", "nonsense", "[1]", "\"text\"", "{\"provider\":\"acme\"", "null"])
    func notJSON(text: String) { #expect(problem(text)?.code == "not-json") }

    @Test("with 10,000 levels of nesting is refused and does no harm") func nesting() {
        let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
        #expect(problem(#"{"provider":"acme","parameters":{"x":"# + deep + "}}")?.code == "not-json")
    }

    @Test("over 256 KiB is refused") func size() {
        let text = #"{"provider":"acme","parameters":{"x":""# + String(repeating: "x", count: 256 * 1024) + #""}}"#
        #expect(problem(text)?.code == "too-large")
    }

    @Test("without a provider is told so") func missing() {
        #expect(problem("{}")?.code == "missing-field")
        #expect(problem("{}")?.message.hasPrefix("provider is missing") == true)
    }

    @Test(
        "with a wrong type or value names the field",
        arguments: [
            (#"{"provider":1}"#, "provider"), (#"{"provider":""}"#, "provider"), (#"{"provider":"a\nb"}"#, "provider"),
            (#"{"provider":"p","exportJobId":"a/b"}"#, "exportJobId"), (#"{"provider":"p","exportJobId":7}"#, "exportJobId"),
            (#"{"provider":"p","parameters":[]}"#, "parameters"), (#"{"provider":"p","priority":"urgent"}"#, "priority"),
            (#"{"provider":"p","tenant":{}}"#, "tenant"), (#"{"provider":"p","webhook":"http://plain.example"}"#, "webhook"),
            (#"{"provider":"p","correlationId":"\u0000"}"#, "correlationId"),
        ])
    func badField(text: String, field: String) {
        #expect(problem(text)?.code == "bad-field")
        #expect(problem(text)?.message.hasPrefix(field) == true)
    }
}

@Suite("A download message") struct DownloadMessageTests {
    @Test("survives the way through the queue", arguments: [DownloadMessage.Task.file(0, token: nil), .file(99_999, token: 3), .manifest])
    func roundTrip(task: DownloadMessage.Task) throws {
        let id = try #require(JobID("a-1"))
        let message = DownloadMessage(id: id, task: task, correlationID: #"quote " and \ backslash"#)
        let outgoing = message.outgoing(.low, traceparent: "00-1-2-01")
        #expect(outgoing.routingKey == "longhaul.downloads.low")
        #expect(outgoing.properties.isPersistent)
        #expect(outgoing.properties.headers["traceparent"] == "00-1-2-01")
        #expect(try DownloadMessage(body: outgoing.body) == message)
    }

    @Test(
        "that is malformed is refused",
        arguments: [
            "", "{}", #"{"exportJobId":"a","correlationId":"c"}"#, #"{"exportJobId":"a","file":-1,"correlationId":"c"}"#,
            #"{"exportJobId":"a","file":1,"manifest":true,"correlationId":"c"}"#, #"{"exportJobId":"a/b","file":1,"correlationId":"c"}"#,
        ])
    func malformed(text: String) {
        #expect(throws: JobMessageError.self) { try DownloadMessage(body: Array(text.utf8)) }
    }
}

@Suite("The topology") struct TopologyTests {
    @Test("has a queue for each priority, each with dead letters") func queues() {
        let names = Topology.queues.map(\.name)
        #expect(Set(names).isSuperset(of: QueueNames.allJobs + QueueNames.allDownloads))
        #expect(names.count == 11)
        for queue in Topology.queues where QueueNames.allJobs.contains(queue.name) {
            #expect(queue.type == .quorum)
            #expect(queue.arguments["x-dead-letter-routing-key"] == .string(QueueNames.deadJobs))
            #expect(queue.arguments["x-delivery-limit"] == .integer(Topology.deliveryLimit))
        }
    }

    @Test("lets dead letters be looked at as often as anybody likes") func deadQueues() {
        for queue in Topology.queues where QueueNames.allDead.contains(queue.name) {
            #expect(queue.type == .quorum)
            #expect(queue.arguments["x-delivery-limit"] == .integer(1_000_000))
        }
    }

    @Test("tells a queue's priority by its name") func priority() {
        for priority in JobPriority.allCases {
            #expect(QueueNames.priority(of: QueueNames.jobs(priority)) == priority)
            #expect(QueueNames.priority(of: QueueNames.downloads(priority)) == priority)
        }
        #expect(QueueNames.priority(of: QueueNames.checks) == nil)
    }
}
