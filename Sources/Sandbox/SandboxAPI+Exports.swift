import Encoding
import Foundation
import NIOCore
import NIOHTTP1

/// Creates, finds, checks and cancels exports.
extension SandboxAPI {
    /// - Parameter isDraft: whether the export begins only with `start`.
    func create(_ request: APIRequest, isDraft: Bool = false) -> APIAnswer {
        let key = request.headers.first(name: "Idempotency-Key").flatMap { $0.isEmpty ? nil : $0 }
        guard (key?.utf8.count ?? 0) <= 255 else {
            return .response(.error(.badRequest, "bad-idempotency-key", "the Idempotency-Key is longer than 255 bytes"))
        }
        let creation: ExportRegistry.Creation
        do throws(SandboxOptionError) {
            let order = try ExportOrder(json: Data(request.body.readableBytesView))
            creation = try registry.create(order, key: key, isDraft: isDraft)
        } catch {
            return .response(.error(.badRequest, "bad-request", error.description))
        }
        switch creation {
        case .created(let view): return .response(accepted(view))
        case .replayed(let view): return .response(accepted(view).adding("Idempotency-Replayed", "true"))
        case .conflict:
            return .response(
                .error(.unprocessableEntity, "idempotency-key-reused", "this Idempotency-Key was used with a different order"))
        case .full:
            return .response(
                .error(.serviceUnavailable, "full", "max-exports is reached and no export has finished").adding("Retry-After", "1"))
        case .fault(let fault): return answer(fault)
        }
    }

    private func accepted(_ view: ExportRegistry.View) -> APIResponse {
        APIResponse.json(.accepted) { write(view, &$0) }.adding("Location", "/v2/exports/\(view.id.text)")
    }

    func start(_ text: Substring) -> APIAnswer {
        guard let id = ExportID(text) else { return unknownExport }
        switch registry.start(id) {
        case .unknown: return unknownExport
        case .fault(let fault): return answer(fault)
        case .answer(.started(let view)): return .response(accepted(view))
        case .answer(.tooLate(let view)):
            return .response(.error(.conflict, "already-started", "the export is \(view.status.rawValue)"))
        }
    }

    /// Several exports at once: `GET /exports?ids=A,B`. What a fault would befall, or is not known, is left out.
    private func several(_ ids: String) -> APIAnswer {
        let ids = ids.split(separator: ",")
        guard ids.count <= Self.mostTogether else {
            return .response(.error(.badRequest, "too-many", "at most \(Self.mostTogether) exports can be asked for at once"))
        }
        let views = ids.compactMap { text -> ExportRegistry.View? in
            guard let id = ExportID(text), case .answer(let view) = registry.status(id) else { return nil }
            return view
        }
        return .response(.json(.ok) { json in json.array("exports") { list in for view in views { list.object { write(view, &$0) } } } })
    }

    private static let mostTogether = 1000

    func find(_ request: APIRequest) -> APIAnswer {
        if let ids = request.parameter("ids") { return several(ids) }
        guard let key = request.parameter("idempotencyKey") else {
            return .response(.error(.badRequest, "bad-request", "the query parameter idempotencyKey is missing"))
        }
        switch registry.find(key: key) {
        case .answer(let view): return .response(found(view))
        case .unknown: return .response(found(nil))
        case .fault(let fault): return answer(fault)
        }
    }

    private func found(_ view: ExportRegistry.View?) -> APIResponse {
        .json(.ok) { json in
            json.array("exports") { list in
                if let view { list.object { write(view, &$0) } }
            }
        }
    }

    func status(_ text: Substring) -> APIAnswer {
        guard let id = ExportID(text) else { return unknownExport }
        switch registry.status(id) {
        case .unknown: return unknownExport
        case .fault(let fault) where fault.fault == .unknownStatus:
            return .response(
                .json(.ok) { json in
                    json.field("id", id.text)
                    json.field("status", "MYSTERY")
                    json.field("percent", 0)
                })
        case .fault(let fault): return answer(fault)
        case .answer(let view):
            let response = APIResponse.json(.ok) { write(view, &$0) }
            return .response(hint(view).map { response.adding("Retry-After", $0) } ?? response)
        }
    }

    private func hint(_ view: ExportRegistry.View) -> String? {
        guard !view.status.isFinal, view.status != .draft else { return nil }
        switch configuration.retryAfter {
        case .off: return nil
        case .fixed(let duration): return wholeSeconds(duration.nanoseconds)
        case .remaining: return wholeSeconds(view.remaining)
        }
    }

    func cancel(_ text: Substring) -> APIAnswer {
        guard let id = ExportID(text) else { return unknownExport }
        switch registry.cancel(id) {
        case .unknown: return unknownExport
        case .fault(let fault): return answer(fault)
        case .answer(.cancelled(let view)): return .response(.json(.ok) { write(view, &$0) })
        case .answer(.tooLate(let view)):
            return .response(.error(.conflict, "already-ended", "the export is \(view.status.rawValue)"))
        }
    }

    private func write(_ view: ExportRegistry.View, _ json: inout JSONWriter) {
        json.field("id", view.id.text)
        json.field("status", view.status.rawValue)
        json.field("percent", view.percent)
    }
}
