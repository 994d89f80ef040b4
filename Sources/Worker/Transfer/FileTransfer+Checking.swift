import ExportCore
import Foundation
import HTTPClient
import ProviderAPI

extension FileTransfer {
    /// The first bytes of a file that decide what it is.
    static let beginningLength = 1024

    /// - Parameters:
    ///   - start: the first bytes.
    ///   - name: of the file.
    /// - Throws: `not-the-file` or `unexpected-type`, transient: the body is a page or an error document. It quotes its start.
    func requirePromised(_ body: FileBody, _ start: [UInt8], name: String) async throws(Failure) {
        let rules = provider.definition.download
        // The usual case: nothing that the promise could forbid.
        if rules.expectedTypes.isEmpty, BodyStart(start) == .other { return }
        let promise = FilePromise(name: name, rules: rules)
        let type = body.headers["content-type"]
        guard let problem = promise.problem(start, type: type) else { return }
        let answer = AnswerExcerpt(
            request: "GET \(Self.withoutSecrets(claimed.file.url))", status: body.status, type: type.map { String($0.prefix(100)) },
            start: Self.line(start))
        var failure = Failure(
            .transient, code: problem.code, message: "\(problem.text); it begins: \(answer.start)",
            retryAfter: body.headers.retryAfter(now: Int64(Date.now.timeIntervalSince1970)))
        failure.answer = answer
        throw await provider.redacted(failure)
    }

    /// The start of a body as one line of at most 200 characters.
    static func line(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes.prefix(1000), as: UTF8.self).unicodeScalars.map {
            $0.properties.isWhitespace || $0.properties.generalCategory == .control || $0 == "\u{FEFF}" ? " " : Character($0)
        }
        return String(String(text).split(separator: " ").joined(separator: " ").prefix(200))
    }
}
