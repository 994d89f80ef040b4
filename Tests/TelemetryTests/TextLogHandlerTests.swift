import Logging
import Testing

@testable import Telemetry

@Suite("Text log lines")
struct TextLogHandlerTests {
    private func lines(isColoured: Bool? = nil, _ body: (Logger) -> Void) throws -> [String] {
        let captured = CapturedLog()
        let logger = Logger(label: "scheduler") {
            TextLogHandler(label: $0, output: captured.output, isColoured: isColoured)
        }
        return try captured.lines { body(logger) }
    }

    @Test("a line is time, level, label, message and pairs, without colour outside a terminal")
    func plain() throws {
        let lines = try lines { $0.info("claimed", metadata: ["jobs": .stringConvertible(3), "why": "it was due", "token": "x"]) }
        let line = try #require(lines.first)
        #expect(line.wholeMatch(of: /\d\d:\d\d:\d\d\.\d\d\d INFO     scheduler: claimed jobs=3 token=\*\*\* why="it was due"/) != nil)
    }

    @Test("the level is coloured on a terminal")
    func coloured() throws {
        let line = try #require(try lines(isColoured: true) { $0.error("broken") }.first)
        #expect(line.contains("\u{1b}[31mERROR   \u{1b}[0m scheduler: broken"))
    }

    @Test("external text can neither start a line nor control the terminal")
    func control() throws {
        let lines = try lines { $0.info("a\nb\u{1b}[2J", metadata: ["k": "c\r\nd"]) }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix(#"a\nb\u{1B}[2J k=c\r\nd"#))
    }

    @Test("messages below the level are not written")
    func level() throws {
        #expect(try lines { $0.debug("hidden") }.isEmpty)
    }
}
