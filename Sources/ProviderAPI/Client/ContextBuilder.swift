import ExportCore
import JQ

/// Builds the JSON value that filters read. It holds only the parts that the filters name.
final class ContextBuilder {
    // Keys are built once, because status checks are the hot path.
    private let job = JQValue("job"), parameters = JQValue("parameters"), export = JQValue("export"), secrets = JQValue("secrets")
    private let page = JQValue("page"), response = JQValue("response"), request = JQValue("request"), url = JQValue("url"),
        session = JQValue("session")
    private let defaults: [(name: String, value: JQValue)]

    /// - Parameter schema: of the parameters.
    init(_ schema: ParameterSchema? = nil) {
        defaults = (schema?.defaults ?? []).compactMap { name, json in (try? JQValue(json: json)).map { (name, $0) } }
    }

    private let status = JQValue("status"), headers = JQValue("headers"), body = JQValue("body")

    /// - Throws: `invalid-parameters` or `invalid-handle`, permanent, if a text is not a JSON object.
    func context(
        _ parts: ContextParts, _ job: JobContext, exportHandle: String?, page pageValue: JQValue?, secrets secretValues: JQValue,
        session sessionValues: JQValue? = nil, callback: String? = nil, file: DownloadTarget? = nil
    ) throws(Failure) -> JQValue {
        var context = JQObjectBuilder()
        if parts.contains(.job) { context.set(self.job, jobValue(job)) }
        if parts.contains(.parameters) {
            let given = try Self.object(job.request.parameters, code: "invalid-parameters", what: "the job's parameters")
            context.set(parameters, withDefaults(given))
        }
        if parts.contains(.export), let exportHandle {
            context.set(export, try Self.object(exportHandle, code: "invalid-handle", what: "the export handle"))
        }
        if parts.contains(.secrets) { context.set(secrets, secretValues) }
        if parts.contains(.page), let pageValue { context.set(page, pageValue) }
        if parts.contains(.session), let sessionValues { context.set(session, sessionValues) }
        if let callback { context.set("callback", JQValue(object: [("url", JQValue(callback))])) }
        if parts.contains(.file), let file {
            let text = { (value: String?) in value.map { JQValue($0) } ?? .null }
            context.set("file", JQValue(object: [("url", text(file.url)), ("name", text(file.name)), ("id", text(file.id))]))
        }
        return context.build()
    }

    /// What a request for several exports reads: it belongs to no job.
    func context(secrets secretValues: JQValue, session sessionValues: JQValue?, ids: [JQValue], exports: [JQValue]) -> JQValue {
        var context = JQObjectBuilder()
        context.set(secrets, secretValues)
        if let sessionValues { context.set(session, sessionValues) }
        context.set("ids", JQValue(ids))
        context.set("exports", JQValue(exports))
        return context.build()
    }

    /// What a job leaves out has the default that the provider file gives.
    private func withDefaults(_ given: JQValue) -> JQValue {
        guard !defaults.isEmpty else { return given }
        var object = JQObjectBuilder(given)
        for (name, value) in defaults where given[name] == nil { object.set(name, value) }
        return object.build()
    }

    /// What a request that signs in reads: it belongs to no job.
    /// - Parameter assertion: the token that the client authenticates with.
    func context(secrets secretValues: JQValue, session sessionValues: JQValue, assertion: String? = nil) -> JQValue {
        var context = JQObjectBuilder()
        if let assertion { context.set("assertion", JQValue(assertion)) }
        context.set(secrets, secretValues)
        context.set(session, sessionValues)
        return context.build()
    }

    /// Adds the response to the context.
    func context(_ parts: ContextParts, _ context: JQValue, answer: ProviderResponse) -> JQValue {
        var responseValue = JQObjectBuilder()
        responseValue.set(status, JQValue(answer.status))
        if parts.contains(.headers) { responseValue.set(headers, answer.headerValue) }
        if parts.contains(.body) { responseValue.set(body, answer.body) }
        var whole = JQObjectBuilder(context)
        whole.set(response, responseValue.build())
        if parts.contains(.item) { whole.set("item", answer.body) }
        if parts.contains(.request) {
            var requestValue = JQObjectBuilder()
            requestValue.set(url, JQValue(answer.url))
            whole.set(request, requestValue.build())
        }
        return whole.build()
    }

    private func jobValue(_ job: JobContext) -> JQValue {
        JQValue(object: [
            ("id", JQValue(job.request.id.text)), ("provider", JQValue(job.request.provider)),
            ("correlationId", JQValue(job.request.correlationID)), ("tenant", JQValue(job.request.tenant)),
            ("attempt", JQValue(job.attempt)), ("priority", JQValue(job.request.priority.rawValue)),
            ("creation", JQValue(job.creation)), ("idempotencyKey", JQValue(job.idempotencyKey)),
        ])
    }

    private static func object(_ json: String, code: String, what: String) throws(Failure) -> JQValue {
        let value: JQValue
        do throws(JQError) { value = try JQValue(json: json) } catch {
            throw Failure(.permanent, code: code, message: "\(what): not JSON: \(error.message)")
        }
        guard value.kind == .object else { throw Failure(.permanent, code: code, message: "\(what): not a JSON object") }
        return value
    }
}
