import ExportCore
import Foundation
import HTTPClient
import ProviderAPI

extension FileTransfer {
    /// The first bytes of a file that decide what it is.
    static let beginningLength = 1024

    /// Those of the provider, with what the listing says of this file.
    var rules: DownloadRules {
        var rules = provider.definition.download
        if let rule = claimed.file.unpack.flatMap(UnpackRule.init(rawValue:)) { rules.unpack = rule }
        return rules
    }

    /// - Parameters:
    ///   - start: the first bytes.
    ///   - name: of the file.
    /// - Throws: `not-the-file` or `unexpected-type`, transient: the body is a page or an error document. It quotes its start.
    func requirePromised(_ body: FileBody, _ start: [UInt8], name: String) async throws(Failure) {
        let rules = self.rules
        // The usual case: nothing that the promise could forbid.
        let type = body.headers["content-type"]
        if rules.expectedTypes.isEmpty, BodyStart(start) == .other, type?.contains("problem") != true { return }
        // An empty file by the provider file's own word: without content it has no type.
        if body.status == 204 { return }
        let promise = FilePromise(name: name, rules: rules, wasDecoded: body.isCoded ? await body.wasDecoded : false)
        guard let problem = promise.problem(start, type: type) else { return }
        throw await failure(problem, body, start)
    }

    /// The same for the first bytes of what a gzip unpacks to. The types that the provider file names are those of the gzip.
    func requirePromised(unpacked start: [UInt8], of body: FileBody, name: String) async throws(Failure) {
        guard provider.definition.download.expectedTypes.isEmpty, BodyStart(start) != .other else { return }
        let promise = FilePromise(name: name, rules: rules, wasDecoded: true)
        guard let problem = promise.problem(start, type: body.headers["content-type"]) else { return }
        throw await failure(problem, body, start)
    }

    private func failure(_ problem: (code: String, text: String), _ body: FileBody, _ start: [UInt8]) async -> Failure {
        let shown = provider.excerpt(of: start)
        var failure = Failure(
            .transient, code: problem.code, message: "\(problem.text); it begins: \(shown)",
            retryAfter: body.headers.retryAfter(now: Int64(Date.now.timeIntervalSince1970)).map {
                min($0, provider.definition.limits.longestPause)
            })
        failure.answer = AnswerExcerpt(
            request: "GET \(Self.withoutSecrets(claimed.file.url))", status: body.status,
            type: body.headers["content-type"].map { String(provider.excerpt(of: Array($0.utf8)).prefix(100)) }, start: shown)
        return await provider.redacted(failure)
    }
}
