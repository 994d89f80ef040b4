import Foundation
import ProviderAPI
import Synchronization

/// Prints what happens in a trial.
final class TrialPage: Sendable {
    private let showsCurl: Bool
    private let state = Mutex(State())

    private struct State {
        /// Filters of a request run before it is shown: only those over an answer are.
        var hasAnswer = false
    }

    init(showsCurl: Bool) { self.showsCurl = showsCurl }

    func show(_ event: TraceEvent) {
        state.withLock { state in
            switch event {
            case .signIn: line("  " + Terminal.paint("sign in", .grey))
            case .request(let method, let url, let headers, let body):
                state.hasAnswer = false
                request(method, url, headers, body)
            case .answer(let status, let headers, let body, let bytes, let took):
                state.hasAnswer = true
                answer(status, headers, body, bytes, took)
            case .filter(let field, let filter, let output):
                if state.hasAnswer { self.filter(field, filter, output) }
            }
        }
    }

    func step(_ name: String) {
        state.withLock { $0.hasAnswer = false }
        line("\n" + Terminal.paint(name, .bold))
    }

    func good(_ text: String) { line("  \(Terminal.paint("✓", .green)) \(Self.plain(text))") }
    func bad(_ text: String) { line("  \(Terminal.paint("✗", .red)) \(Self.plain(text))") }
    func note(_ text: String) { line("  \(Terminal.paint("!", .yellow)) \(text)") }
    func line(_ text: String) { Terminal.line(text) }

    private func request(_ method: String, _ url: String, _ headers: [(name: String, value: String)], _ body: String) {
        if showsCurl { return line("  " + Self.curl(method, url, headers, body)) }
        line("  \(Terminal.paint("→", .blue)) \(method) \(url)")
        for header in headers { line("    " + Terminal.paint(Self.plain("\(header.name): \(header.value)"), .grey)) }
        if !body.isEmpty { line(indented(Self.pretty(body), "    ")) }
    }

    private func answer(_ status: Int, _ headers: [(name: String, value: String)], _ body: String, _ bytes: Int?, _ took: Duration) {
        let colour: Terminal.Colour = status < 300 ? .green : status < 400 ? .yellow : .red
        let size = bytes.map { ", \(Self.size($0))" } ?? ""
        let time = "\(Int(took / .milliseconds(1))) ms"
        line("  \(Terminal.paint("←", .blue)) \(Terminal.paint("\(status)", colour)) \(Terminal.paint("in \(time)\(size)", .grey))")
        let shown = headers.filter { Self.interesting($0.name.lowercased()) }
        for header in shown { line("    " + Terminal.paint(Self.plain("\(header.name): \(header.value)"), .grey)) }
        if !body.isEmpty { line(indented(Self.pretty(body), "    ")) }
    }

    private func filter(_ field: String, _ filter: String, _ output: String) {
        let name = field.padding(toLength: max(field.count, 22), withPad: " ", startingAt: 0)
        line("    \(Terminal.paint(name, .bold)) \(Terminal.paint(filter, .grey)) = \(Self.plain(output))")
    }

    private func indented(_ text: String, _ prefix: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { prefix + $0 }.joined(separator: "\n")
    }

    /// What says when to come back, where to go and what the body is. Others are rarely worth a line.
    private static func interesting(_ name: String) -> Bool {
        ["content-type", "location", "content-location", "link", "retry-after", "content-encoding", "content-disposition", "x-progress"]
            .contains(name) || name.contains("ratelimit") || name.contains("rate-limit")
    }

    /// JSON in lines; other text as it is. A long one is cut.
    private static func pretty(_ raw: String) -> String {
        let body = plain(raw)
        var text = body
        if let value = try? JSONSerialization.jsonObject(with: Data(body.utf8)),  // other text is shown as it is
            let data = try? JSONSerialization.data(withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        {
            text = body.count < 100 ? body : String(decoding: data, as: UTF8.self).replacing(#/(?m)^( *"[^"]*") : /#) { "\($0.output.1): " }
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.prefix(200) }
        guard lines.count > longest else { return lines.joined(separator: "\n") }
        return lines.prefix(longest).joined(separator: "\n") + "\n… \(lines.count - longest) more lines"
    }

    private static let longest = 30

    /// Control characters from outside could change what the terminal shows.
    private static func plain(_ text: String) -> String {
        text.escaping { $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t" ? "\u{FFFD}" : nil }
    }

    /// A command that sends the same request, with the secrets left to be filled in.
    private static func curl(_ method: String, _ url: String, _ headers: [(name: String, value: String)], _ body: String) -> String {
        var parts = ["curl -sS -X \(method) \(quoted(url))"]
        parts += headers.map { "-H \(quoted("\($0.name): \($0.value)"))" }
        if !body.isEmpty { parts.append("--data-raw \(quoted(body))") }
        return parts.joined(separator: " \\\n    ")
    }

    private static func quoted(_ text: String) -> String { "'\(text.escaping { $0 == "'" ? "'\\''" : nil })'" }

    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<1024: "\(bytes) bytes"
        case ..<(1 << 20): "\((Double(bytes) / 1024 * 10).rounded() / 10) KiB"
        case ..<(1 << 30): "\((Double(bytes) / 1_048_576 * 10).rounded() / 10) MiB"
        default: "\((Double(bytes) / 1_073_741_824 * 10).rounded() / 10) GiB"
        }
    }
}
