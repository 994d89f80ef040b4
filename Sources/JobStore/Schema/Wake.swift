import ExportCore

/// A claimed timer on its way through `longhaul.checks`. It carries everything that a check needs, so that a cycle reads nothing.
///
/// A message holds a line for each wake, its fields separated by tabs; `claim.lua` writes them, and nothing in between decodes them:
/// 1. the job's id;
/// 2. version, claims, attempts, failures, unknown statuses, last and next check, as in the field `progress`;
/// 3. status, files in total, files stored, files given up, exports left behind, exports created again, whether a cancellation is asked
///    for (0 or 1) and, after a space, the submitter's trace context, if there is one, milliseconds waited and, after a space, milliseconds since the step was put off for the first time, if it is, export
///    handle (JSON; `{}`: none);
/// 4. provider, tenant, correlation id (empty: the job's id) and parameters (JSON), as in the field `request`.
public enum Wake {
    /// The jobs of a message as they were claimed, and how many of its lines are malformed. Priority and webhook of the requests have
    /// their defaults.
    public static func decode(_ body: [UInt8]) -> (jobs: [ClaimedJob], malformed: Int) {
        var jobs: [ClaimedJob] = []
        var malformed = 0
        forEachLine(of: body) { line in
            if let job = decode(line: body[line]) { jobs.append(job) } else { malformed += 1 }
        }
        return (jobs, malformed)
    }

    /// Puts the wakes of several claims into as few messages as the limits of one message allow, so that they share its cost.
    /// - Parameters:
    ///   - limit: the most wakes of a message.
    ///   - maxBytes: the most bytes of a message that is put together; `claim.lua` keeps the same limit.
    /// - Returns: the messages with their numbers of wakes.
    public static func gather(
        _ bodies: [[UInt8]], limit: Int = messageLimit, maxBytes: Int = 128 * 1024
    ) -> [(body: [UInt8], wakes: Int)] {
        var messages: [(body: [UInt8], wakes: Int)] = []
        var open: (body: [UInt8], wakes: Int) = ([], 0)
        for body in bodies {
            let wakes = count(body)
            if open.wakes + wakes <= limit, open.body.count + body.count < maxBytes {
                if open.wakes > 0 { open.body.append(UInt8(ascii: "\n")) }
                open.body += body
                open.wakes += wakes
            } else if wakes < open.wakes {
                messages.append(open)
                open = (body, wakes)
            } else {
                messages.append((body, wakes))
            }
        }
        if open.wakes > 0 { messages.append(open) }
        return messages
    }

    /// The most wakes of one message.
    public static let messageLimit = 50

    /// The number of wakes in a message that `claim.lua` made.
    private static func count(_ body: [UInt8]) -> Int {
        var count = 0
        forEachLine(of: body) { _ in count += 1 }
        return count
    }

    private static func forEachLine(of body: [UInt8], _ visit: (Range<Int>) -> Void) {
        var start = 0
        while start < body.count {
            let end = body[start...].firstIndex(of: UInt8(ascii: "\n")) ?? body.count
            if end > start { visit(start..<end) }
            start = end + 1
        }
    }

    private static func decode(line: ArraySlice<UInt8>) -> ClaimedJob? {
        var fields = TabFields(line)
        guard let name = fields.text(), let id = JobID(name), let version = fields.number(), let claims = fields.count(),
            let attempts = fields.count(), let failures = fields.count(), let unknown = fields.count(), let lastCheck = fields.number(),
            let planned = fields.number(), let status = fields.text().flatMap(JobStatus.init(rawValue:)), let total = fields.count(),
            let done = fields.count(), let failed = fields.count(), let creation = fields.count(), let recreations = fields.count(),
            let (cancel, traceparent) = words(fields.next()), let (waited, deferredFor) = times(fields.next()), let handle = fields.next(),
            let provider = fields.text(),
            let tenant = fields.text(), let correlationID = fields.text(orFor: name)
        else { return nil }
        // The first claim of a planned check is not written.
        let state = JobState(
            status: status, attempts: attempts, failures: failures, unusableAnswers: unknown, claims: max(claims, 1), filesTotal: total,
            filesDone: done, filesFailed: failed, creation: creation, recreations: recreations, waited: waited, deferredFor: deferredFor)
        return ClaimedJob(
            request: JobRequest(
                id: id, provider: provider, parameters: fields.rest(), tenant: tenant, correlationID: correlationID,
                traceparent: traceparent),
            version: version, state: state,
            exportHandle: handle.elementsEqual("{}".utf8) ? nil : String(decoding: handle, as: UTF8.self),
            isCancelRequested: cancel.elementsEqual(CollectionOfOne(UInt8(ascii: "1"))),
            sinceLastCheck: lastCheck > 0 && planned > lastCheck ? .milliseconds(planned - lastCheck) : nil)
    }

    /// `CANCEL` or `CANCEL TRACEPARENT`.
    private static func words(_ field: ArraySlice<UInt8>?) -> (cancel: ArraySlice<UInt8>, traceparent: String?)? {
        guard let field else { return nil }
        guard let space = field.firstIndex(of: UInt8(ascii: " ")) else { return (field, nil) }
        return (field[..<space], String(decoding: field[(space + 1)...], as: UTF8.self))
    }

    /// `WAITED` or `WAITED DEFERRED`.
    private static func times(_ field: ArraySlice<UInt8>?) -> (waited: Duration, deferredFor: Duration?)? {
        guard let field else { return nil }
        let space = field.firstIndex(of: UInt8(ascii: " "))
        guard let waited = TabFields.count(field[..<(space ?? field.endIndex)]) else { return nil }
        guard let space else { return (.milliseconds(waited), nil) }
        guard let deferred = TabFields.count(field[(space + 1)...]) else { return nil }
        return (.milliseconds(waited), .milliseconds(deferred))
    }
}
