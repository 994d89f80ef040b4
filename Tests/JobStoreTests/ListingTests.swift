import ExportCore
import JobStore
import TestServers
import Testing

@Suite("The list of files of a job", .needsServers) struct ListingTests {
    @Test("is stored page by page, each page once") func pages() async throws {
        try await TestStore.run { test in
            let job = try await test.ready("a")
            #expect(try await test.list(["1", "2"], of: job, cursor: "p2").addedVersion == job.version + 1)
            #expect(try await test.store.job(job.id)?.listingCursor == "p2")
            #expect(try await test.list(["3"], of: job) == .stale)
            let next = try #require(try await test.store.job(job.id)).claimed
            #expect(try await test.list(["3"], of: next).addedVersion == next.version + 1)
            let listed = try #require(try await test.store.job(job.id))
            #expect((listed.state.status, listed.state.filesTotal, listed.listingCursor) == (.processing, 3, nil))
        }
    }

    @Test("tells what a download message needs and a wake lacks: priority and trace context") func messageParts() async throws {
        try await TestStore.run { test in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let request = try test.request("a").completed(priority: .high, traceparent: trace)
            var job = try await test.advanced(test.polling(request), by: .ready)
            job.request = try test.request("a")
            guard case .added(let listed, _, _) = try await test.list(["1"], of: job) else { throw TestServersError("not added") }
            #expect((listed.request.priority, listed.request.traceparent) == (.high, trace))
        }
    }

    @Test("is completed only by a decision that knows how many files have ended") func countsDiffer() async throws {
        try await TestStore.run { test in
            _ = try await test.list(["1", "2"], of: test.ready("a"), cursor: "p2")
            let id = try #require(JobID("a"))
            var job = try #require(try await test.store.job(id)).claimed
            let first = try #require(try await test.claimFile(0, id)), second = try #require(try await test.claimFile(1, id))
            _ = try await test.end(first, .stored)
            _ = try await test.end(second, .failed(Failure(.permanent, code: "http-400", message: "no"), attempt: 1))
            #expect(try await test.list([], of: job) == .countsDiffer(done: 1, failed: 1))
            #expect(try await test.store.job(id)?.state.status == .ready)
            (job.state.filesDone, job.state.filesFailed) = (1, 1)
            #expect(try TestStore.decision(.pageListed(added: 0, isLast: true), job).actions == [], "no manifest before that is decided")
            #expect(try await test.list([], of: job).addedVersion == job.version + 1)
            #expect(try #require(try await test.score("a")) <= (try await test.now()), "somebody decides what the lost file means")
        }
    }

    @Test("gives files that would be stored under one name names of their own") func names() async throws {
        try await TestStore.run { test in
            let listed = ["x.csv", "x.csv", "x.csv.gz", "y.zip", "y", "5-y", "y.ZIP"]
            let id = try await test.processing("a", files: listed)
            let names = try await test.names(of: id, listed.count)
            #expect(names == ["x.csv", "1-x.csv", "2-x.csv.gz", "y.zip", "4-y", "5-y", "6-y.ZIP"])
        }
    }

    @Test("gives files with other endings of packed files names of their own, too") func packedNames() async throws {
        try await TestStore.run { test in
            let listed = ["a.tgz", "a.tar", "a.tar.gz", "b.csv.gzip", "b.csv", "c.svgz", "c.svg", "d.csv.gz.gz", "d.csv"]
            let id = try await test.processing("a", files: listed)
            let names = try await test.names(of: id, listed.count)
            #expect(names == ["a.tgz", "1-a.tar", "2-a.tar.gz", "b.csv.gzip", "4-b.csv", "c.svgz", "6-c.svg", "d.csv.gz.gz", "8-d.csv"])
        }
    }

    @Test("keeps names with a number in front as short as a path allows, and characters whole") func longNames() async throws {
        try await TestStore.run { test in
            let long = String(repeating: "é", count: 123) + ".csv.gz", folder = String(repeating: "d", count: 255) + "/a.csv"
            let listed = [long, long, folder, folder, String(repeating: "x", count: 255), String(repeating: "x", count: 255)]
            let id = try await test.processing("a", files: listed)
            let names = try await test.names(of: id, listed.count)
            #expect(names[1] == "1-" + String(repeating: "é", count: 123) + ".csv.gz", "fits")
            #expect(names[3] == "3-" + String(repeating: "d", count: 253) + "/a.csv")
            #expect(names[5] == "5-" + String(repeating: "x", count: 253))
            let longer = "é" + String(repeating: "é", count: 123) + ".csv.gz"
            let other = try await test.processing("b", files: [longer, longer])
            #expect(try await test.names(of: other, 2)[1] == "1-" + String(repeating: "é", count: 123) + ".csv.gz")
        }
    }

    @Test("keeps files and archives apart from the folders of nested names, whichever comes first") func folders() async throws {
        try await TestStore.run { test in
            let listed = ["a.zip", "a/b.csv", "c/d/e.csv", "c", "c/d.zip", "c/f.csv", "g", "g/h.csv", "1-a/b.csv"]
            let id = try await test.processing("a", files: listed)
            let names = try await test.names(of: id, listed.count)
            #expect(
                names == ["a.zip", "1-a/b.csv", "c/d/e.csv", "3-c", "4-c/d.zip", "c/f.csv", "g", "7-g/h.csv", "8-1-a/b.csv"])
        }
    }

    @Test("ends the search for a free name, whatever the names are") func namesThatNumberingRepeats() async throws {
        try await TestStore.run { test in
            // With its index in front and cut to 255 bytes, it is itself.
            let repeating = String(repeating: "1-", count: 127) + "1"
            let listed = [repeating, repeating, "3-a", "a", "a", "4-a", "4.2-a"]
            let id = try await test.processing("a", files: listed)
            let names = try await test.names(of: id, listed.count)
            #expect(Set(names).count == listed.count)
            #expect(names[1] == "1.2-" + repeating.prefix(251))
            #expect(Array(names[2...]) == ["3-a", "a", "4-a", "5-4-a", "4.2-a"])
        }
    }

    @Test("keeps the first name that a download tells, also if a later one tells another") func renamedOnce() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["download"])
            let file = try #require(try await test.claimFile(0, id))
            #expect(try await test.store.renameFile(file, to: "report-101010.csv") == "report-101010.csv")
            #expect(try await test.store.renameFile(file, to: "report-101055.csv") == "report-101010.csv")
        }
    }

    @Test("lets a download name its file, the same at every attempt, and never like another file") func renamed() async throws {
        try await TestStore.run { test in
            let id = try await test.processing("a", files: ["download", "x.csv", "download", "download"])
            let first = try #require(try await test.claimFile(0, id)), third = try #require(try await test.claimFile(2, id))
            #expect(try await test.store.renameFile(first, to: "y.csv.gz") == "y.csv.gz")
            #expect(try await test.store.renameFile(first, to: "y.csv.gz") == "y.csv.gz")
            #expect(try await test.store.renameFile(third, to: "x.csv") == "2-x.csv")
            #expect(try await test.store.renameFile(third, to: "x.csv") == "2-x.csv")
            let fourth = try #require(try await test.claimFile(3, id))
            #expect(try await test.store.renameFile(fourth, to: "y.csv") == "3-y.csv")
            _ = try await test.end(first, .handedBack)
            #expect(try await test.store.renameFile(first, to: "z.csv") == nil, "without its lease")
            _ = try await test.requeueDueFiles()
            #expect(try await test.claimFile(0, id)?.file.name == "y.csv.gz")
        }
    }
}
